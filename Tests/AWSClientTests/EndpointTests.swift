import AWSClient
import AWSModels
import AWSWire
import Testing

@Suite struct EndpointTests {
    @Test(
        arguments: [
            ("http://127.0.0.1:4566", "127.0.0.1:4566", ""), ("https://example.com", "example.com", ""),
            ("HTTPS://example.com:443/", "example.com", ""), ("http://example.com:80", "example.com", ""),
            ("http://[::1]:4566/a/b/", "[::1]:4566", "/a/b"), ("http://h:443", "h:443", ""),
        ])
    func urls(_ url: String, _ authority: String, _ path: String) throws {
        let endpoint = try Endpoint(url)
        #expect(endpoint.authority == authority && endpoint.path == path)
    }

    @Test(
        arguments: [
            "", "localhost:4566", "ftp://h", "http://", "http://:80", "http://h:0", "http://h:70000", "http://h:x",
            "http://user:password@h", "http://h?x=1", "http://h#x", "http://[::1", "http://[::1]x", "http://a b",
        ])
    func wrongURLs(_ url: String) {
        let error = #expect(throws: ConfigurationError.self) { try Endpoint(url) }
        #expect(error?.description.contains("password") == false)
    }

    @Test func loopback() throws {
        for host in ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"] {
            #expect(try Endpoint("http://\(host)").isLoopback)
        }
        for host in ["example.com", "127.0.0.1.example.com", "128.0.0.1", "127.0.0"] {
            #expect(try !Endpoint("http://\(host)").isLoopback)
        }
    }

    private func target(
        of service: ServiceSchema, _ environment: [String: String], endpoint: String? = nil, region: String? = nil
    ) async throws -> EndpointResolver.Target {
        let files = SharedConfigFiles(environment: ProcessEnvironment(environment))
        return try await EndpointResolver(
            files: files, explicitEndpoint: try endpoint.map { try Endpoint($0) }, explicitRegion: region
        ).target(for: service)
    }

    @Test func ownEndpointsOfAWS() async throws {
        let region = ["AWS_REGION": "ap-south-1"]
        let s3 = try await target(of: S3.service, region)
        #expect("\(s3.endpoint)" == "https://s3.ap-south-1.amazonaws.com")
        #expect(s3.signingRegion == "ap-south-1" && !s3.isCustom)
        #expect("\(try await target(of: STS.service, region).endpoint)" == "https://sts.ap-south-1.amazonaws.com")
        let iam = try await target(of: IAM.service, region)
        #expect("\(iam.endpoint)" == "https://iam.amazonaws.com" && iam.signingRegion == "us-east-1")
        let china = try await target(of: S3.service, ["AWS_REGION": "cn-north-1"])
        #expect("\(china.endpoint)" == "https://s3.cn-north-1.amazonaws.com.cn")
    }

    @Test func environmentInItsOrder() async throws {
        var environment = [
            "AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "http://all", "AWS_ENDPOINT_URL_S3": "http://s3",
            "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2": "http://elb",
        ]
        #expect("\(try await target(of: S3.service, environment).endpoint)" == "http://s3")
        #expect("\(try await target(of: STS.service, environment).endpoint)" == "http://all")
        #expect("\(try await target(of: ELB.service, environment).endpoint)" == "http://elb")
        #expect("\(try await target(of: S3.service, environment, endpoint: "http://mine").endpoint)" == "http://mine")
        environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true"
        #expect(
            "\(try await target(of: S3.service, environment).endpoint)" == "https://s3.eu-west-1.amazonaws.com")
        environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = nil
        environment["AWS_ENDPOINT_URL_S3"] = "nonsense"
        let error = await #expect(throws: ConfigurationError.self) { try await target(of: S3.service, environment) }
        #expect(error?.description.hasPrefix("AWS_ENDPOINT_URL_S3") == true)
    }

    @Test func regionInItsOrder() async throws {
        var environment = ["AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"]
        #expect(try await target(of: S3.service, environment, region: "eu-west-3").signingRegion == "eu-west-3")
        #expect(try await target(of: S3.service, environment).signingRegion == "eu-west-1")
        environment["AWS_REGION"] = ""
        #expect(try await target(of: S3.service, environment).signingRegion == "eu-west-2")
        environment["AWS_DEFAULT_REGION"] = nil
        await #expect(throws: ConfigurationError.self) { try await target(of: S3.service, environment) }
        for region in ["evil.example.com/", "a b", "-x", "a@b"] {
            await #expect(throws: ConfigurationError.self) {
                try await target(of: S3.service, ["AWS_REGION": region])
            }
        }
    }

    @Test(
        arguments: [
            ("/bucket-1/a/b?versions", "bucket-1.s3.amazonaws.com", "/a/b?versions"),
            ("/bucket-1", "bucket-1.s3.amazonaws.com", "/"), ("/bucket-1?x", "bucket-1.s3.amazonaws.com", "/?x"),
            ("/bucket-1//a", "bucket-1.s3.amazonaws.com", "//a"),
            ("/with.dots/a", "s3.amazonaws.com", "/with.dots/a"), ("/UPPER/a", "s3.amazonaws.com", "/UPPER/a"),
            ("/-ab/a", "s3.amazonaws.com", "/-ab/a"), ("/ab/a", "s3.amazonaws.com", "/ab/a"),
        ])
    func bucketsInTheHostName(_ target: String, _ host: String, _ path: String) {
        let aws = Endpoint(host: "s3.amazonaws.com")
        let addressed = BucketAddressing.automatic.apply(
            to: target, endpoint: aws, isCustom: false, operation: S3.getObject)
        #expect(addressed.endpoint.host == host && addressed.target == path)
        let byPath = BucketAddressing.path.apply(
            to: target, endpoint: aws, isCustom: false, operation: S3.getObject)
        #expect(byPath.endpoint == aws && byPath.target == target)
        let custom = BucketAddressing.automatic.apply(
            to: target, endpoint: aws, isCustom: true, operation: S3.getObject)
        #expect(custom.endpoint == aws && custom.target == target)
    }
}
