import Foundation

/// What threads of this process have used, by their names: figures that others' work on the machine moves little.
struct ThreadUse {
  /// On a processor.
  var cpu = Duration.zero
  /// Wanted one, and had none.
  var waited = Duration.zero
  /// Calls that read.
  var reads = 0

  static func now(_ names: Set<String>) -> ThreadUse {
    var use = ThreadUse()
    for id in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? [] {
      let folder = "/proc/self/task/\(id)/"
      func text(_ file: String) -> String {
        (try? String(contentsOfFile: folder + file, encoding: .utf8)) ?? ""
      }
      guard names.contains(text("comm").trimmingCharacters(in: .newlines)) else { continue }
      let times = text("schedstat").split(separator: " ").compactMap { Int64($0) }
      if times.count > 1 {
        use.cpu += .nanoseconds(times[0])
        use.waited += .nanoseconds(times[1])
      }
      for line in text("io").split(separator: "\n") where line.hasPrefix("syscr: ") {
        use.reads += Int(line.dropFirst(7)) ?? 0
      }
    }
    return use
  }

  static func - (a: ThreadUse, b: ThreadUse) -> ThreadUse {
    ThreadUse(cpu: a.cpu - b.cpu, waited: a.waited - b.waited, reads: a.reads - b.reads)
  }
}

extension [Duration] {
  /// In milliseconds.
  func percentile(_ share: Double) -> Double {
    let values = sorted()
    guard !values.isEmpty else { return .nan }
    return values[Swift.min(values.count - 1, Int(Double(values.count) * share))].inMilliseconds
  }
}

extension Duration {
  var inMilliseconds: Double { self / .milliseconds(1) }
}
