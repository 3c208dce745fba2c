import AWSWire
import Ground

/// The account that a server starts with, and the key of its root user.
public struct RootAccount: Sendable {
    /// 12 digits.
    public let id: String
    public let accessKeyID: String
    public let secretAccessKey: String

    /// Reads the account from a state directory, or makes it there (mode 0600, in the form of AWS's shared credentials
    /// file, so that `AWS_SHARED_CREDENTIALS_FILE` may name it).
    /// - Parameter account: the id that was asked for; it must be the one that is there already.
    /// - Throws: ``RootAccountError``, ``Ground/SystemError``.
    public static func open(in directory: StateDirectory, account: String?) throws -> RootAccount {
        if let account, !isAccountID(account) { throw RootAccountError.malformedID(account) }
        do {
            let found = try read(directory.credentials)
            if let account, account != found.id {
                throw RootAccountError.otherAccount(asked: account, found: found.id, path: directory.path)
            }
            return found
        } catch let error as SystemError where error.isMissingFile {
            var random = SystemRandomNumberGenerator()
            let made = RootAccount(
                id: account ?? String((0..<12).map { $0 == 0 ? digits(1...9, &random) : digits(0...9, &random) }),
                accessKeyID: "AKIA" + String((0..<16).map { _ in pick(base32, &random) }),
                secretAccessKey: String((0..<40).map { _ in pick(base64, &random) }))
            try KeyValueFile(
                section: "default",
                values: [
                    ("aws_access_key_id", made.accessKeyID), ("aws_secret_access_key", made.secretAccessKey),
                    ("aws_account_id", made.id),
                ]
            ).write(to: directory.credentials)
            return made
        }
    }

    /// Reads the account of a server's credentials file.
    public static func read(_ path: String) throws -> RootAccount {
        let file = try KeyValueFile(path: path)
        guard let id = file["aws_account_id"], let key = file["aws_access_key_id"],
            let secret = file["aws_secret_access_key"], isAccountID(id), !secret.isEmpty
        else { throw RootAccountError.damaged(path: path) }
        return RootAccount(id: id, accessKeyID: key, secretAccessKey: secret)
    }

    /// Whether a text is an account id: 12 digits.
    public static func isAccountID(_ text: some StringProtocol) -> Bool {
        text.utf8.count == 12 && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    private static let base32 = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    private static let base64 = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")

    private static func pick(_ alphabet: [Character], _ random: inout SystemRandomNumberGenerator) -> Character {
        alphabet[Int.random(in: alphabet.indices, using: &random)]
    }

    private static func digits(
        _ range: ClosedRange<Int>, _ random: inout SystemRandomNumberGenerator
    ) -> Character {
        Character(String(Int.random(in: range, using: &random)))
    }
}

public enum RootAccountError: Error, CustomStringConvertible {
    case malformedID(String)
    case otherAccount(asked: String, found: String, path: String)
    case damaged(path: String)

    public var description: String {
        switch self {
        case .malformedID(let id): "an account id has 12 digits; \(id) is none."
        case .otherAccount(let asked, let found, let path):
            "\(path) belongs to account \(found), not to \(asked). Leave --account out, or give another --state DIR."
        case .damaged(let path):
            "\(path) does not hold an account's keys. Restore it from a backup, or remove it to get a new root key."
        }
    }
}

extension SystemError {
    var isMissingFile: Bool { code == 2 }
}
