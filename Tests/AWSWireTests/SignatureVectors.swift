// Written by Conformance/make_signature_vectors.py: requests as botocore signs them. Do not edit.
// swift-format-ignore-file

/// A request that botocore signed.
struct SignatureVector: Sendable {
    let service: String
    let method: String
    let path: String
    /// Before and after signing.
    let query: String
    let signedQuery: String
    let headers: [(String, String)]
    let signedHeaders: [(String, String)]
    let body: [UInt8]
    let hasToken: Bool
    /// Empty where the query string is signed.
    let authorization: String

    static let accessKeyID = "AKIAIOSFODNN7EXAMPLE"
    static let secretAccessKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    static let sessionToken = "IQoJb3JpZ2luX2VjE+/=="
    static let region = "eu-central-1"
    static let time = "20261124T080807Z"

    static let all: [SignatureVector] = [
        SignatureVector(
            service: "sts", method: "POST", path: "/",
            query: "",
            signedQuery: "",
            headers: [("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")],
            signedHeaders: [("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"), ("X-Amz-Date", "20261124T080807Z"), ("Host", "localhost:4566")],
            body: [65, 99, 116, 105, 111, 110, 61, 71, 101, 116, 67, 97, 108, 108, 101, 114, 73, 100, 101, 110, 116, 105, 116, 121, 38, 86, 101, 114, 115, 105, 111, 110, 61, 50, 48, 49, 49, 45, 48, 54, 45, 49, 53], hasToken: false,
            authorization: "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261124/eu-central-1/sts/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=2601c6d7444971a6f9b2517471dd3cde83bef6a8e82ea7109a90118eec38f76d"),
        SignatureVector(
            service: "sts", method: "GET", path: "/",
            query: "Version=2011-06-15&Action=GetCallerIdentity",
            signedQuery: "Version=2011-06-15&Action=GetCallerIdentity",
            headers: [],
            signedHeaders: [("X-Amz-Date", "20261124T080807Z"), ("Host", "localhost:4566")],
            body: [], hasToken: false,
            authorization: "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261124/eu-central-1/sts/aws4_request, SignedHeaders=host;x-amz-date, Signature=0a8d850f8d9938bd093124379fba463d1c484687fb6db8c0359861af65f794d5"),
        SignatureVector(
            service: "ecs", method: "POST", path: "/",
            query: "",
            signedQuery: "",
            headers: [("Content-Type", "application/x-amz-json-1.1"), ("X-Amz-Target", "AmazonEC2ContainerServiceV20141113.ListClusters")],
            signedHeaders: [("Content-Type", "application/x-amz-json-1.1"), ("X-Amz-Target", "AmazonEC2ContainerServiceV20141113.ListClusters"), ("X-Amz-Date", "20261124T080807Z"), ("X-Amz-Security-Token", "IQoJb3JpZ2luX2VjE+/=="), ("Host", "localhost:4566")],
            body: [123, 125], hasToken: true,
            authorization: "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261124/eu-central-1/ecs/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature=813ccc2763295d11bbb7578685c7db339ffcf85af9c64fea36897cd24fac312d"),
        SignatureVector(
            service: "monitoring", method: "POST", path: "/service/GraniteServiceVersion20100801/operation/PutMetricData",
            query: "",
            signedQuery: "",
            headers: [("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")],
            signedHeaders: [("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor"), ("X-Amz-Date", "20261124T080807Z"), ("Host", "localhost:4566")],
            body: [160], hasToken: false,
            authorization: "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261124/eu-central-1/monitoring/aws4_request, SignedHeaders=content-type;host;smithy-protocol;x-amz-date, Signature=b5608abcc71c62f5ca702ee97db112c988d2fedea84c90a51e74046ad4084d48"),
        SignatureVector(
            service: "execute-api", method: "GET", path: "/a//b/../c%20d/./%E2%9C%93/",
            query: "z=1&a=%2F&a=&b",
            signedQuery: "z=1&a=%2F&a=&b",
            headers: [],
            signedHeaders: [("X-Amz-Date", "20261124T080807Z"), ("Host", "localhost:4566")],
            body: [], hasToken: false,
            authorization: "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261124/eu-central-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=a707807c8ea40b92cdf1ebf9f1577c77fa665689147430080790af092ae394bc"),
        SignatureVector(
            service: "execute-api", method: "GET", path: "/../..",
            query: "B=1&a=2&A=3",
            signedQuery: "B=1&a=2&A=3",
            headers: [("X-Amz-Note", "  a   b  c ")],
            signedHeaders: [("X-Amz-Note", "  a   b  c "), ("X-Amz-Date", "20261124T080807Z"), ("Host", "localhost:4566")],
            body: [], hasToken: false,
            authorization: "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261124/eu-central-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date;x-amz-note, Signature=91894170694e5114cfe53ea0138d4f02f0b0b47446cc4b34462838ca4c2abc6d"),
        SignatureVector(
            service: "s3", method: "GET", path: "/",
            query: "",
            signedQuery: "",
            headers: [],
            signedHeaders: [("X-Amz-Date", "20261124T080807Z"), ("X-Amz-Content-SHA256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"), ("Host", "localhost:4566")],
            body: [], hasToken: false,
            authorization: "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261124/eu-central-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=d1a07777a02b16eec7252f8f1054bdf9f4cf6d3b95fa13d545a6f8daf771c450"),
        SignatureVector(
            service: "s3", method: "GET", path: "/bucket/a%20b%2F%2Fc//d/../%E2%9C%93%2B%2A~._-",
            query: "",
            signedQuery: "",
            headers: [],
            signedHeaders: [("X-Amz-Date", "20261124T080807Z"), ("X-Amz-Content-SHA256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"), ("Host", "localhost:4566")],
            body: [], hasToken: false,
            authorization: "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261124/eu-central-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=188e0a4497ea5052e4f01049a4ab07b35348a0f97b614b8f153316faf5901005"),
        SignatureVector(
            service: "s3", method: "GET", path: "/bucket",
            query: "list-type=2&prefix=a%2Bb%26c%3D%20%F0%9F%8D%8E&delimiter=%2F&start-after=",
            signedQuery: "list-type=2&prefix=a%2Bb%26c%3D%20%F0%9F%8D%8E&delimiter=%2F&start-after=",
            headers: [],
            signedHeaders: [("X-Amz-Date", "20261124T080807Z"), ("X-Amz-Content-SHA256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"), ("Host", "localhost:4566")],
            body: [], hasToken: false,
            authorization: "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261124/eu-central-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=cedb8ebdad7ed0c2895539cd689cf8b084627e168a7d77847031640cb3c749bd"),
        SignatureVector(
            service: "s3", method: "GET", path: "/bucket",
            query: "versions&key-marker=a&Key-marker=b",
            signedQuery: "versions&key-marker=a&Key-marker=b",
            headers: [],
            signedHeaders: [("X-Amz-Date", "20261124T080807Z"), ("X-Amz-Content-SHA256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"), ("Host", "localhost:4566")],
            body: [], hasToken: false,
            authorization: "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261124/eu-central-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=fa851948573ae0cb4b0c7e09d59b8c379c28f03caa4c657185251a36acdc2517"),
        SignatureVector(
            service: "s3", method: "PUT", path: "/key%25%23%3F",
            query: "",
            signedQuery: "",
            headers: [("Content-Type", "text/plain"), ("x-amz-meta-Two", "two  words "), ("x-amz-tagging", "a=b&c=d%20e")],
            signedHeaders: [("Content-Type", "text/plain"), ("x-amz-meta-Two", "two  words "), ("x-amz-tagging", "a=b&c=d%20e"), ("X-Amz-Date", "20261124T080807Z"), ("X-Amz-Security-Token", "IQoJb3JpZ2luX2VjE+/=="), ("X-Amz-Content-SHA256", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"), ("Host", "bucket.localhost:4566")],
            body: [104, 101, 108, 108, 111], hasToken: true,
            authorization: "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261124/eu-central-1/s3/aws4_request, SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-meta-two;x-amz-security-token;x-amz-tagging, Signature=554b92d586f45db7c0e295e6cd68ea3d0b54bcc87ccab849b169f6c16801bfc6"),
        SignatureVector(
            service: "s3", method: "PUT", path: "/key",
            query: "",
            signedQuery: "",
            headers: [("Content-MD5", "XUFAKrxLKna5cZ2REBfFkg==")],
            signedHeaders: [("Content-MD5", "XUFAKrxLKna5cZ2REBfFkg=="), ("X-Amz-Date", "20261124T080807Z"), ("X-Amz-Content-SHA256", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"), ("Host", "bucket.s3.amazonaws.com")],
            body: [104, 101, 108, 108, 111], hasToken: false,
            authorization: "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261124/eu-central-1/s3/aws4_request, SignedHeaders=content-md5;host;x-amz-content-sha256;x-amz-date, Signature=74ec92fcfb3fa5f2d0c4cb9e76a63fc4316664254a442f72e311156cb422e908"),
        SignatureVector(
            service: "s3", method: "POST", path: "/bucket",
            query: "delete",
            signedQuery: "delete",
            headers: [("Expect", "100-continue"), ("User-Agent", "x")],
            signedHeaders: [("Expect", "100-continue"), ("User-Agent", "x"), ("X-Amz-Date", "20261124T080807Z"), ("X-Amz-Content-SHA256", "e2000f6b1fc1db795626ddaf9c13324157e9f56cb7820b40d7c3253a08ee5b91"), ("Host", "localhost:4566")],
            body: [60, 68, 101, 108, 101, 116, 101, 47, 62], hasToken: false,
            authorization: "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261124/eu-central-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=52e6eb08831c68aa5d2e7f0f6d89b5141d7d322959f13dd21e4e4f56a76243e1"),
        SignatureVector(
            service: "s3", method: "GET", path: "/bucket/a%20b/%E2%9C%93",
            query: "",
            signedQuery: "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20261124%2Feu-central-1%2Fs3%2Faws4_request&X-Amz-Date=20261124T080807Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature=9eaa92eafc368177a47eea4a4d89798d4684be4091f6b926b8dd1a171cb75b3e",
            headers: [],
            signedHeaders: [("Host", "localhost:4566")],
            body: [], hasToken: false,
            authorization: ""),
        SignatureVector(
            service: "s3", method: "GET", path: "/bucket/key",
            query: "response-content-disposition=attachment%3B%20filename%3D%22a%20b%22&versionId=null",
            signedQuery: "response-content-disposition=attachment%3B%20filename%3D%22a%20b%22&versionId=null&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20261124%2Feu-central-1%2Fs3%2Faws4_request&X-Amz-Date=20261124T080807Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Security-Token=IQoJb3JpZ2luX2VjE%2B%2F%3D%3D&X-Amz-Signature=c8ce265afe59e56da52182fbe4af20d1ffa1c92dccc88e2e411bdb290709b137",
            headers: [],
            signedHeaders: [("Host", "localhost:4566")],
            body: [], hasToken: true,
            authorization: ""),
        SignatureVector(
            service: "s3", method: "PUT", path: "/key",
            query: "",
            signedQuery: "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20261124%2Feu-central-1%2Fs3%2Faws4_request&X-Amz-Date=20261124T080807Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=content-type%3Bhost%3Bx-amz-acl&X-Amz-Signature=d74ef31e0f5d77312002f81305a22bc1457c058956b9cc9ca18a8e5f5e2f3fff",
            headers: [("Content-Type", "text/plain"), ("x-amz-acl", "private")],
            signedHeaders: [("Content-Type", "text/plain"), ("x-amz-acl", "private"), ("Host", "bucket.localhost:4566")],
            body: [], hasToken: false,
            authorization: ""),
        SignatureVector(
            service: "sts", method: "GET", path: "/",
            query: "Action=GetCallerIdentity&Version=2011-06-15",
            signedQuery: "Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20261124%2Feu-central-1%2Fsts%2Faws4_request&X-Amz-Date=20261124T080807Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Security-Token=IQoJb3JpZ2luX2VjE%2B%2F%3D%3D&X-Amz-Signature=ffe865b8035b9a1a7bcb04b00b101cc806815233d971cd135833753e1ec0cac1",
            headers: [],
            signedHeaders: [("Host", "localhost:4566")],
            body: [], hasToken: true,
            authorization: ""),
    ]
}
