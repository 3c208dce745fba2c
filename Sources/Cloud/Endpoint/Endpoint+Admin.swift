import AWSWire
import Ground
import HTTPServer
import NIOHTTP1

extension Endpoint {
    /// Our own paths: health, metrics, reset.
    func admin(_ request: HTTPServerRequest, _ target: RequestTarget, _ trace: inout Trace) async -> HTTPServerResponse
    {
        trace.service = "skylab"
        trace.operation = String(target.rawPath.dropFirst("/_skylab/".count))
        guard isOwnPage(request) else {
            return json(.forbidden, error: "Requests from web pages of another origin are refused.")
        }
        switch (request.method, target.rawPath) {
        case (.GET, "/_skylab/health"), (.HEAD, "/_skylab/health"): return json(.ok, health())
        case (.GET, "/_skylab/metrics"):
            return HTTPServerResponse(
                status: .ok, headers: ["Content-Type": "text/plain; version=0.0.4"],
                body: ByteStream(cloud.metrics.exposition()))
        case (.POST, "/_skylab/reset"): return await reset()
        case (_, "/_skylab/health"), (_, "/_skylab/metrics"), (_, "/_skylab/reset"):
            return json(.methodNotAllowed, error: "\(request.method) is not what this path takes.")
        default: return json(.notFound, error: "There is health, metrics and reset here.")
        }
    }

    private func health() -> String {
        var object = JSONObject()
        object.add("status", "ok")
        object.add("version", CloudServer.version)
        object.add("account", cloud.account.id)
        object.add("region", cloud.options.region)
        object.add("ephemeral", cloud.directory.isEphemeral)
        object.add("open", cloud.options.acceptsAnyKey)
        object.add("cloudTime", cloud.clock.now.iso8601(milliseconds: true))
        object.add("requests", cloud.metrics.totals.requests)
        if let resident = residentMemory() { object.add("residentBytes", resident) }
        object.add("services", json: "{\"s3\": \"running\", \"sts\": \"running\"}")
        return object.text
    }

    private func reset() async -> HTTPServerResponse {
        guard cloud.directory.isEphemeral else {
            return json(.conflict, error: "Only a server started with --ephemeral can be reset.")
        }
        do {
            try await cloud.store.removeEverything()
            return json(.ok, "{\"status\": \"ok\"}")
        } catch {
            cloud.logger.error("reset: \(error)")
            return json(.internalServerError, error: "The store could not be emptied: \(error)")
        }
    }

    /// Whether no browser sends this for a page of somebody else's: loopback alone keeps no web page out.
    private func isOwnPage(_ request: HTTPServerRequest) -> Bool {
        guard let origin = request.headers.first(name: "origin") else {
            return !["cross-site", "same-site"].contains(request.headers.first(name: "sec-fetch-site"))
        }
        return origin == "http://\(request.headers.first(name: "host") ?? "")"
    }

    private func json(_ status: HTTPResponseStatus, _ text: String) -> HTTPServerResponse {
        HTTPServerResponse(
            status: status, headers: ["Content-Type": "application/json"], body: ByteStream(text + "\n"))
    }

    private func json(_ status: HTTPResponseStatus, error: String) -> HTTPServerResponse {
        var object = JSONObject()
        object.add("error", error)
        return json(status, object.text)
    }
}
