import RelayCore
import RelayText

/// What `huggy-relay status` says of what fails, and of what is held back by its `concurrency`.
enum FailuresText {
  /// - Returns: Lines; none where all is well.
  static func lines(_ destination: DestinationAnswer, pen: Pen) -> [String] {
    failures(destination, pen) + (concurrency(destination, pen) ?? capacity(destination, pen))
  }

  /// What its slots are limited by now, and what would lift it; nil: nothing now.
  private static func concurrency(_ destination: DestinationAnswer, _ pen: Pen) -> [String]? {
    guard let limit = destination.concurrencyLimit else { return nil }
    let slots = limit.concurrency == 1 ? "the one slot is" : "all \(limit.concurrency) slots are"
    let unit = destination.batch == nil ? "" : " requests"
    let lift =
      (limit.suggested.map { "`concurrency: \($0)`" } ?? "more `concurrency`")
      + (destination.batch == nil ? " or `batch`" : "")
    let text =
      "\(destination.name): \(slots) taken \(limit.share.percentText) of the time: answers take "
      + "\(limit.meanAttemptMs.millisecondsText), so at most "
      + "\(limit.attemptsPerSecond.amountText)\(unit) a second; \(lift) would lift it"
    return [pen(text.forTerminal(maxCharacters: 500), .warning)]
  }

  private static func failures(_ destination: DestinationAnswer, _ pen: Pen) -> [String] {
    guard let window = destination.attempts.first(where: { $0.failed > 0 }) else { return [] }
    let shares = destination.attempts.map {
      "\($0.seconds.spanText) \($0.failureRate.map(\.percentText) ?? "-")"
    }
    let causes = window.causes.prefix(3).map { "\($0.cause) (\($0.count.grouped))" }.joined(separator: ", ")
    let name = destination.name.forTerminal()
    var lines = ["\(pen(name, .title)): failed \(shares.joined(separator: ", ")) of its attempts: \(causes)"]
    for type in window.types.prefix(3) {
      let share = Double(type.causeCount) / Double(type.attempts)
      let answered = Int(type.cause) == nil ? type.cause : "answered \(type.cause)"
      lines.append(
        "  of \(type.type), \(share.percentText) \(answered) (\(type.causeCount.grouped))".forTerminal())
    }
    if let hint = destination.hint {
      let (start, ink): (String, Ink) =
        destination.isInTrouble
        ? ("", .warning) : ("its last attempt went well; should it fail again: ", .faint)
      lines.append(pen("  \(start)\(hint)".forTerminal(maxCharacters: 500), ink))
    }
    return lines
  }

  private static func capacity(_ destination: DestinationAnswer, _ pen: Pen) -> [String] {
    guard let capacity = destination.capacity, capacity.bound else { return [] }
    let arriving = capacity.arrivingPerSecond.map { ", and \($0.rateText) arrive" } ?? ""
    let slots = capacity.slots == 1 ? "one at a time" : "\(capacity.slots) at once"
    let needed =
      capacity.neededConcurrency.map { $0 > capacity.slots ? "; `concurrency: \($0)` would do" : "" }
      ?? (capacity.slots == 1 ? "; `order_by: chat` would send several at once" : "")
    let text =
      "\(destination.name) is held back by its answers: \(slots), \(capacity.meanMs.millisecondsText) each, are "
      + "\(capacity.perSecond.rateText) at most\(arriving)\(needed)"
    return [pen(text.forTerminal(maxCharacters: 500), .warning)]
  }
}

extension DestinationAnswer {
  /// It fails now, or something of it waits for a person. What failed in the last day may be long over.
  fileprivate var isInTrouble: Bool {
    failingSince != nil || circuit != "closed" || heldUntil != nil || dead > 0 || !refusedKinds.isEmpty
      || oldestRetryingSeconds != nil
  }
}

extension Double {
  /// `5 min`, `1 h`, `24 h`.
  var spanText: String { self < 3_600 ? "\(Int(self / 60)) min" : "\(Int(self / 3_600)) h" }

  /// `0.4 %`, `12 %`; never 0 of something, nor 100 of less than all.
  var percentText: String {
    let percent = self * 100
    if percent == 0 || percent == 100 || (percent >= 1 && percent <= 99) {
      return "\(Int(percent.rounded())) %"
    }
    return percent < 1 ? "under 1 %" : "over 99 %"
  }

  /// `8/s`, `0.25/s`.
  fileprivate var rateText: String { "\(amountText)/s" }

  /// `8`, `0.25`.
  var amountText: String {
    self >= 10 || self == rounded() ? "\(Int(rounded()))" : "\((self * 100).rounded() / 100)"
  }
}
