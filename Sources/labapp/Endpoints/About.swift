import AWSClient
import Ground
import HTTPServer

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

// What the app is and how it is: answered without asking S3.
extension App {
    func index() -> HTTPServerResponse {
        HTTPServerResponse(json: [
            ("message", .string("\(settings.appName): a stateless app that keeps its texts in S3")),
            (
                "endpoints",
                .object([
                    ("GET /", "this page"),
                    ("GET /healthz", "whether the app is up"),
                    ("POST /text", "write a text: JSON or form with key, text, metadata?"),
                    ("GET /text/<key>?versionId=", "a text and what S3 tells of it"),
                    ("GET /text?key=", "the text alone"),
                    ("GET /list?prefix=", "the keys of the bucket; limit and continuationToken for pages"),
                    ("GET /list-versions?prefix=", "all versions and delete markers"),
                    ("DELETE /object/<key>?versionId=", "delete a version, or set a delete marker"),
                    ("GET /work?mode=read|write|mixed&size_kb=128&key=lab/test.bin", "work with S3, timed"),
                    ("GET or POST /hash", "work for the CPU: data in the query, a form or JSON"),
                    ("GET /info", "the settings in force"),
                ])
            ),
        ])
    }

    func health() -> HTTPServerResponse {
        HTTPServerResponse(json: [
            ("ok", true), ("service", "up"), ("app", .string(settings.appName)),
            ("bucket", .string(settings.bucket)), ("region", .string(settings.region)),
            ("time_utc", .string(WallClock.now.iso8601(milliseconds: true))), ("pid", .integer(Int(getpid()))),
        ])
    }

    func info() -> HTTPServerResponse {
        HTTPServerResponse(json: [
            ("ok", true), ("app", .string(settings.appName)), ("version", .string(AWSClient.version)),
            ("bucket", .string(settings.bucket)), ("region", .string(settings.region)),
            ("host", .string(settings.host)), ("port", .integer(settings.port)),
            ("log_level", .string(settings.logLevel.rawValue)), ("micro_hash_rounds", .integer(settings.hashRounds)),
            ("endpoint_url", JSON(settings.endpointURL)),
            ("max_body_bytes", .integer(Settings.maximumBodyBytes)),
        ])
    }
}
