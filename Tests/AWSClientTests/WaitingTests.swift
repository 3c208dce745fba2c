import AWSClient
import AWSWire
import Synchronization
import Testing

@Suite struct WaitingTests {
    private let waiter = Waiter<String>(delay: .seconds(5), maximumAttempts: 3) { result in
        switch result {
        case .success("ready"): .success
        case .success("failed"): .failure
        case .failure(let error) where error.code == "NotFound": .success
        default: nil
        }
    }

    private func wait(
        _ answers: [String], throwing error: AWSError? = nil, _ sleeper: RecordingSleeper
    ) async throws
        -> String?
    {
        let rest = Mutex(answers)
        return try await waiter.wait(sleep: sleeper.sleep) {
            let next = rest.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            if let next { return next }
            throw error ?? AWSError("Unexpected", "")
        }
    }

    @Test func untilItIsAsWanted() async throws {
        let sleeper = RecordingSleeper()
        #expect(try await wait(["pending", "ready"], sleeper) == "ready")
        #expect(sleeper.waits == [.seconds(5)])
    }

    @Test func anErrorMayBeWhatIsWanted() async throws {
        #expect(try await wait(["pending"], throwing: AWSError("NotFound", ""), RecordingSleeper()) == nil)
    }

    @Test func neverAndTooLong() async throws {
        await #expect(throws: Waiter<String>.Failure.unreachable) { try await wait(["failed"], RecordingSleeper()) }
        let sleeper = RecordingSleeper()
        await #expect(throws: Waiter<String>.Failure.timeout) {
            try await wait(["pending", "pending", "pending"], sleeper)
        }
        #expect(sleeper.waits.count == 2)
        await #expect(throws: AWSError.self) { try await wait([], RecordingSleeper()) }
    }

    @Test func everyPage() async throws {
        let asked = Mutex<[Int]>([])
        let pages = Pages(
            0,
            call: { input in
                asked.withLock { $0.append(input) }
                return "page \(input)"
            }, next: { input, _ in input < 2 ? input + 1 : nil })
        var seen: [String] = []
        for try await page in pages { seen.append(page) }
        #expect(seen == ["page 0", "page 1", "page 2"] && asked.withLock { $0 } == [0, 1, 2])
    }
}
