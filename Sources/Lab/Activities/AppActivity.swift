import Crypto
import Ground

/// Activity 1, its second part: the app serves its endpoints out of the bucket.
enum AppActivity {
    static let name = "1 · The app on the bucket"
    private static let key = "notes/session-1.txt"

    static let steps = [
        start, index, writeVersions, writeForm, read, readVersion, readRaw, list, listVersions, deleteMarker, undelete,
        work, hash, healthUnderLoad, info, errors, drain,
    ]

    private static let start = LabStep(
        "app.start", name, "Start the app on the lab's bucket",
        purpose: "The app is stateless: all it needs is the bucket's name and credentials.",
        command: "S3_BUCKET=$BUCKET PORT=5000 labapp"
    ) { session in
        try await session.app.start()
        let answer = try await session.app.send(.GET, "/healthz")
        let json = try ok(answer)
        try check(json["bucket"]?.string == session.bucket, "the app serves another bucket: \(answer.text)")
        return [Evidence("URL", session.app.url), Evidence("GET /healthz", answer.text)]
    }

    private static let index = LabStep(
        "app.index", name, "See what there is",
        purpose: "The app tells its own endpoints.", command: "curl $APP/"
    ) { session in
        let answer = try await session.app.send(.GET, "/")
        let json = try expect(answer, 200)
        try check(json["endpoints"] != nil, "no endpoints are told: \(answer.text)")
        return [Evidence("GET /", answer.text)]
    }

    private static let writeVersions = LabStep(
        "app.text", name, "Write a text twice",
        purpose: "On a versioned bucket each call makes a version.",
        command:
            "curl -X POST $APP/text -H 'Content-Type: application/json' -d '{\"key\":\"\(key)\",\"text\":\"first\"}'"
    ) { session in
        var evidence: [Evidence] = []
        var ids: [String] = []
        for text in ["first", "second: grüße 🌍"] {
            let answer = try await session.app.send(
                .POST, "/text",
                json: "{\"key\": \"\(key)\", \"text\": \"\(text)\", \"metadata\": {\"author\": \"lab\"}}")
            let json = try ok(answer)
            ids.append(try require(json["versionId"]?.string, "versionId"))
            try check(json["version_id"]?.string == ids.last, "version_id and versionId differ")
            try check(json["bytes"]?.number == Double(text.utf8.count), "bytes is \(String(describing: json["bytes"]))")
            evidence.append(Evidence("POST /text", answer.text))
        }
        try check(ids[0] != ids[1], "both writes have one version id")
        session.note("text.first", ids[0])
        session.note("text.second", ids[1])
        return evidence
    }

    private static let writeForm = LabStep(
        "app.form", name, "Write a text from a form",
        purpose: "What a browser's form sends is taken as well as JSON.",
        command: "curl -X POST $APP/text -d key=notes/form.txt -d text=from+a+form"
    ) { session in
        let answer = try await session.app.send(.POST, "/text", form: "key=notes%2Fform.txt&text=from+a+form")
        _ = try ok(answer)
        let back = try await session.app.send(.GET, "/text?key=notes/form.txt")
        try check(back.text == "from a form", "what is read back is \(back.text)")
        return [Evidence("POST /text", answer.text), Evidence("GET /text?key=", back.text)]
    }

    private static let read = LabStep(
        "app.read", name, "Read the text with its facts",
        purpose: "The key may hold slashes; metadata and version come along.", command: "curl $APP/text/\(key)"
    ) { session in
        let answer = try await session.app.send(.GET, "/text/\(key)")
        let json = try ok(answer)
        try check(json["text"]?.string == "second: grüße 🌍", "the text is \(String(describing: json["text"]))")
        let second = try session.noted("text.second")
        try check(json["versionId"]?.string == second, "the version is not the second")
        try check(
            json["metadata"]?["author"]?.string == "lab", "the metadata is \(String(describing: json["metadata"]))")
        return [Evidence("GET /text/\(key)", answer.text)]
    }

    private static let readVersion = LabStep(
        "app.read-version", name, "Read the first version of it",
        purpose: "Nothing that was written over is lost.", command: "curl \"$APP/text/\(key)?versionId=$FIRST\""
    ) { session in
        let first = try session.noted("text.first")
        let answer = try await session.app.send(.GET, "/text/\(key)?versionId=\(PercentEncoding.encode(first))")
        let json = try ok(answer)
        try check(json["text"]?.string == "first", "the text is \(String(describing: json["text"]))")
        return [Evidence("GET", answer.text)]
    }

    private static let readRaw = LabStep(
        "app.raw", name, "Read the raw text",
        purpose: "The bytes as they are, for programs.", command: "curl \"$APP/text?key=\(key)\""
    ) { session in
        let answer = try await session.app.send(.GET, "/text?key=\(key)")
        try check(
            answer.status == 200 && answer.text == "second: grüße 🌍", "the answer is \(answer.status) \(answer.text)")
        try check(answer.contentType == "text/plain; charset=utf-8", "Content-Type is \(answer.contentType)")
        return [Evidence("Content-Type", answer.contentType), Evidence("Body", answer.text)]
    }

    private static let list = LabStep(
        "app.list", name, "List the keys",
        purpose: "Current objects under a prefix.", command: "curl \"$APP/list?prefix=notes/\""
    ) { session in
        let answer = try await session.app.send(.GET, "/list?prefix=notes/")
        let keys = try ok(answer)["items"]?.array?.compactMap { $0["key"]?.string } ?? []
        try check(keys == ["notes/form.txt", key], "listed are \(keys)")
        return [Evidence("GET /list", answer.text)]
    }

    private static let listVersions = LabStep(
        "app.list-versions", name, "List the versions",
        purpose: "Newest first within a key.", command: "curl \"$APP/list-versions?prefix=\(key)\""
    ) { session in
        let answer = try await session.app.send(.GET, "/list-versions?prefix=\(key)")
        let ids = try ok(answer)["versions"]?.array?.compactMap { $0["versionId"]?.string } ?? []
        let expected = [try session.noted("text.second"), try session.noted("text.first")]
        try check(ids == expected, "listed are \(ids)")
        return [Evidence("GET /list-versions", answer.text)]
    }

    private static let deleteMarker = LabStep(
        "app.delete", name, "Delete the key",
        purpose: "A marker hides it; 404 says so in the app's own form.", command: "curl -X DELETE $APP/object/\(key)"
    ) { session in
        let answer = try await session.app.send(.DELETE, "/object/\(key)")
        let json = try ok(answer)
        try check(json["deleteMarker"]?.boolean == true, "no marker was made: \(answer.text)")
        session.note("text.marker", try require(json["versionId"]?.string, "versionId of the marker"))
        let gone = try await session.app.send(.GET, "/text/\(key)")
        try check(gone.json?["ok"]?.boolean == false && gone.status == 404, "GET gives \(gone.status): \(gone.text)")
        let listed = try await session.app.send(.GET, "/list-versions?prefix=\(key)")
        let first = try ok(listed)["versions"]?.array?.first
        try check(first?["isDeleteMarker"]?.boolean == true, "the marker is not listed first: \(listed.text)")
        return [Evidence("DELETE", answer.text), Evidence("GET", "\(gone.status) \(gone.text)")]
    }

    private static let undelete = LabStep(
        "app.undelete", name, "Undelete it",
        purpose: "Removing the marker brings the newest version back.",
        command: "curl -X DELETE \"$APP/object/\(key)?versionId=$MARKER\""
    ) { session in
        let marker = try session.noted("text.marker")
        let answer = try await session.app.send(.DELETE, "/object/\(key)?versionId=\(PercentEncoding.encode(marker))")
        _ = try ok(answer)
        let back = try await session.app.send(.GET, "/text?key=\(key)")
        try check(back.text == "second: grüße 🌍", "GET gives \(back.status) \(back.text)")
        return [Evidence("DELETE", answer.text), Evidence("GET", back.text)]
    }

    private static let work = LabStep(
        "app.work", name, "Move bytes to and from S3",
        purpose: "A task whose time is spent on I/O, with its times measured.",
        command: "curl \"$APP/work?mode=mixed&size_kb=128\""
    ) { session in
        let mixed = try await session.app.send(.GET, "/work?mode=mixed&size_kb=256&key=lab/test.bin")
        let json = try ok(mixed)
        try check(json["read"]?["size"]?.number == 262_144, "what was read back is \(mixed.text)")
        let written = try require(json["write"]?["key"]?.string, "write.key")
        try check(written.hasPrefix("lab/test.bin."), "the key is \(written)")
        let read = try await session.app.send(.GET, "/work?mode=read&key=\(written)")
        try check(try ok(read)["read"]?["size"]?.number == 262_144, "read alone gives \(read.text)")
        let write = try await session.app.send(.GET, "/work?mode=write&size_kb=0&key=lab/small.bin")
        try check(try ok(write)["size_kb"]?.number == 1, "size_kb is not clamped to 1: \(write.text)")
        return [Evidence("mixed", mixed.text), Evidence("read", read.text), Evidence("write", write.text)]
    }

    private static let hash = LabStep(
        "app.hash", name, "Hash: work for the CPU",
        purpose: "The digest is checked against one computed here.",
        command: "curl -X POST $APP/hash -d data=skylab"
    ) { session in
        let get = try await session.app.send(.GET, "/hash?data=skylab")
        let json = try ok(get)
        let rounds = Int(try require(json["rounds"]?.number, "rounds"))
        let expected = digest(of: "skylab", rounds: rounds)
        let post = try await session.app.send(.POST, "/hash", json: "{\"data\": \"skylab\"}")
        let form = try await session.app.send(.POST, "/hash", form: "data=skylab")
        for answer in [get, post, form] {
            let digest = try ok(answer)["digest_hex"]?.string
            try check(digest == expected, "the digest is \(digest ?? "missing"), not \(expected)")
        }
        return [Evidence("GET /hash", get.text), Evidence("computed here", expected)]
    }

    private static let healthUnderLoad = LabStep(
        "app.health", name, "Ask for its health while it hashes",
        purpose: "A health check that waits behind work would take a busy task out of service.",
        command: "curl $APP/hash & curl $APP/healthz"
    ) { session in
        let clock = ContinuousClock()
        let slowest = try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { _ = try ok(await session.app.send(.POST, "/hash", json: "{\"data\": \"load\"}")) }
            }
            var slowest = Duration.zero
            for _ in 0..<20 {
                let started = clock.now
                _ = try ok(await session.app.send(.GET, "/healthz"))
                slowest = max(slowest, clock.now - started)
            }
            try await group.waitForAll()
            return slowest
        }
        // How long depends on the machine, so the figure is evidence; that all were answered is the check.
        return [Evidence("20 health checks under 8 hashes", "all answered, slowest \(slowest.formatted(places: 1)) ms")]
    }

    private static let info = LabStep(
        "app.info", name, "See the settings in force",
        purpose: "What a person on call asks first; never a secret.", command: "curl $APP/info"
    ) { session in
        let answer = try await session.app.send(.GET, "/info")
        _ = try expect(answer, 200)
        for secret in session.app.secrets {
            try check(!answer.text.contains(secret), "a secret is told")
        }
        return [Evidence("GET /info", answer.text)]
    }

    private static let errors = LabStep(
        "app.errors", name, "Ask for what can't be",
        purpose: "Errors are JSON with a fit status, never a stack trace.",
        command: "curl -i -X POST $APP/text -d '{}'"
    ) { session in
        let app = session.app
        let cases: [(String, AppProcess.Answer, Int)] = [
            ("POST /text without a key", try await app.send(.POST, "/text", json: "{\"text\": \"x\"}"), 400),
            ("POST /text with broken JSON", try await app.send(.POST, "/text", json: "{"), 400),
            ("GET a missing key", try await app.send(.GET, "/text/no/such/key"), 404),
            ("GET an unknown path", try await app.send(.GET, "/nowhere"), 404),
            ("DELETE /healthz", try await app.send(.DELETE, "/healthz"), 405),
            (
                "POST 4 MiB to /text",
                try await app.send(.POST, "/text", body: [UInt8](repeating: 0x20, count: 4 << 20)), 413
            ),
        ]
        var evidence: [Evidence] = []
        for (name, answer, status) in cases {
            let json = try expect(answer, status)
            try check(
                json["ok"]?.boolean == false && json["error"]?.string != nil, "\(name): the answer is \(answer.text)")
            evidence.append(Evidence(name, "\(answer.status) \(answer.text)"))
        }
        return evidence
    }

    private static let drain = LabStep(
        "app.drain", name, "Stop it under load",
        purpose: "SIGTERM drains: what is in flight finishes, then exit 0.", command: "kill -TERM $PID"
    ) { session in
        let (ending, finished) = try await withThrowingTaskGroup(of: JSONValue.self) { group in
            for _ in 0..<6 {
                group.addTask { try ok(await session.app.send(.POST, "/hash", json: "{\"data\": \"in flight\"}")) }
            }
            // Once the first has been hashed the others, which were sent with it, are with the app.
            var finished = [try require(try await group.next(), "the first answer")]
            let ending = await session.app.terminate()
            for try await answer in group { finished.append(answer) }
            return (ending, finished)
        }
        try check(finished.count == 6, "\(finished.count) of 6 requests were answered")
        try check(ending == .exit(0), "the app ended with \(ending.map { "\($0)" } ?? "nothing")")
        return [Evidence("In flight, and answered", finished.count - 1), Evidence("Exit code", 0)]
    }

    private static func expect(_ answer: AppProcess.Answer, _ status: Int) throws(LabFailure) -> JSONValue {
        try check(answer.status == status, "the status is \(answer.status), not \(status): \(answer.text.prefix(400))")
        return try require(answer.json, "the JSON of the answer")
    }

    private static func ok(_ answer: AppProcess.Answer) throws(LabFailure) -> JSONValue {
        let json = try expect(answer, 200)
        try check(json["ok"]?.boolean == true, "ok is not true: \(answer.text.prefix(400))")
        return json
    }

    private static func digest(of text: String, rounds: Int) -> String {
        var digest = SHA256.hash(data: Array(text.utf8))
        for _ in 1..<max(1, rounds) { digest = digest.withUnsafeBytes { SHA256.hash(data: $0) } }
        return Hex.encode(digest)
    }
}

extension Duration {
    /// In milliseconds.
    func formatted(places: Int) -> String {
        let microseconds = components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
        var scale: Int64 = 1
        for _ in 0..<places { scale *= 10 }
        let scaled = microseconds * scale / 1000
        guard places > 0 else { return String(scaled) }
        let fraction = String(scaled % scale)
        return "\(scaled / scale)." + String(repeating: "0", count: places - fraction.count) + fraction
    }
}
