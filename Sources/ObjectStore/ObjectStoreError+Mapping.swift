import Ground

extension ObjectStoreError {
    /// What the store's callers see of a failure beneath.
    init(_ error: any Error) {
        switch error {
        case let error as ObjectStoreError: self = error
        case let error as SQLiteError where error.isFull: self = .diskFull
        case let error as SQLiteError where error.isCorrupt: self = .unreadable("\(error)")
        case let error as SystemError where error.isDiskFull: self = .diskFull
        case let error as ContentReader.Missing: self = .unreadable("\(error.path) is missing")
        default: self = .failed("\(error)")
        }
    }
}
