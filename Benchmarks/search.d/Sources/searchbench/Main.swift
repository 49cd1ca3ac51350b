import Foundation
import RelayCore

/// Fills a store, and measures searches in it: see `Benchmarks/search`.
@main
struct Main {
  static func main() throws {
    var options: [String: String] = [:]
    let arguments = CommandLine.arguments.dropFirst()
    for option in arguments.dropFirst(2) {
      let parts = option.split(separator: "=", maxSplits: 1).map(String.init)
      options[parts[0]] = parts.count > 1 ? parts[1] : ""
    }
    guard arguments.count >= 2 else {
      print(
        "usage: searchbench fill|measure STORE [events=N] [rate=N] [rounds=N] [seconds=N] [pages=N] [only=KIND]"
      )
      exit(64)
    }
    func number(_ name: String, _ standard: Int) -> Int { options[name].flatMap(Int.init) ?? standard }
    let bench = try BenchStore(arguments[2])
    defer { bench.store.close() }
    switch arguments[1] {
    case "fill": try bench.fill(to: number("events", 10_000_000), perSecond: number("rate", 2_000))
    default:
      try Measurement(bench, perSecond: number("rate", 2_000)).run(
        rounds: number("rounds", 6), seconds: number("seconds", 5), pagesOfEach: number("pages", 50),
        only: options["only"])
    }
  }
}
