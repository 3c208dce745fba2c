#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

func removeTree(_ path: String) { try? FileManager.default.removeItem(atPath: path) }
