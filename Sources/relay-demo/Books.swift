import Foundation
import RelayCore
import RelaySQLite
import RelayText

/// What was promised, what the store says, and what the receivers saw: three accounts that must agree.
struct Books {
  private struct Account {
    var name: String
    var deliveries: [StoreReader.StoredDelivery]
    var seen: Receivers.Record.Seen

    func count(_ isCounted: (StoreReader.StoredDelivery) -> Bool) -> Int {
      deliveries.reduce(0) { $0 + (isCounted($1) ? 1 : 0) }
    }
  }

  private let accepted: Set<String>
  private let stored: Set<String>
  private let accounts: [Account]

  init(databasePath: String, accepted: [String], receivers: Receivers) throws {
    let reader = try StoreReader(path: databasePath)
    self.accepted = Set(accepted)
    stored = Set(try reader.eventIDs().map(\.description))
    let byDestination = Dictionary(grouping: try reader.deliveries(), by: \.destination)
    accounts = receivers.all.map {
      Account(name: $0.name, deliveries: byDestination[$0.name] ?? [], seen: $0.record.now)
    }
  }

  /// Every event that was answered 200 is stored, and every delivery is where it says it is.
  var balance: Bool {
    !accepted.isEmpty && accepted == stored && accounts.allSatisfy { lost($0) == 0 && invented($0) == 0 }
      && accounts.allSatisfy { $0.count { $0.state.isPending || $0.state == .dead } == 0 }
      && accounts.allSatisfy { $0.seen.badSignatures == 0 || $0.name != "crm" }
      && accounts.allSatisfy { !$0.deliveries.isEmpty && $0.seen.badBatches == 0 }
  }

  var table: String {
    let head = [
      "destination", "routed", "filtered", "retried", "delivered", "waiting", "dead", "at sink", "lost",
      "invented",
    ]
    let rows = accounts.map { account in
      [
        account.name, "\(account.deliveries.count)", "\(accepted.count - account.deliveries.count)",
        "\(account.count { $0.attempts > 1 })", "\(account.count { $0.state == .delivered })",
        "\(account.count(\.state.isPending))", "\(account.count { $0.state == .dead })",
        "\(account.seen.accepted.count)", "\(lost(account))", "\(invented(account))",
      ]
    }
    return TextTable(head: head, rows: rows).text
  }

  var verdict: [String] {
    let promised = accounts.reduce(0) { $0 + $1.deliveries.count }
    let requests = accounts.reduce(0) { $0 + $1.seen.requests }
    return [
      "\(accepted.count.counted("event", "events")) accepted, \(stored.count) stored, "
        + "\(accepted.subtracting(stored).count) missing.",
      "\(promised.counted("delivery", "deliveries")) promised, in \(requests.counted("request", "requests")).",
    ] + accounts.filter(\.seen.getsBatches).map(Self.batches)
  }

  /// How many events the requests of a destination carried that takes several in one.
  private static func batches(_ account: Account) -> String {
    let (events, requests) = account.seen.taken
    let mean = (Double(events) / Double(max(1, requests)) * 10).rounded() / 10
    return
      "\(account.name) took \(events.counted("event", "events")) in \(requests.counted("request", "requests")): "
      + "\(mean) a request, at most \(account.seen.mostEvents)."
  }

  /// Deliveries that count as delivered, but never reached the receiver.
  private func lost(_ account: Account) -> Int {
    account.count { $0.state == .delivered && !account.seen.accepted.contains($0.event.description) }
  }

  /// Requests for events that the receiver was never to get.
  private func invented(_ account: Account) -> Int {
    account.seen.accepted.subtracting(account.deliveries.map(\.event.description)).count
  }
}

/// Columns of text: the first to the left, the numbers to the right.
struct TextTable {
  let head: [String]
  let rows: [[String]]

  var text: String {
    let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max()! }
    let lines = ([head] + rows).map { row in
      zip(row, widths).enumerated().map { column, cell in
        let padding = String(repeating: " ", count: cell.1 - cell.0.count)
        return column == 0 ? cell.0 + padding : padding + cell.0
      }
      .joined(separator: "  ")
    }
    let rule = String(repeating: "-", count: widths.reduce(0, +) + 2 * (widths.count - 1))
    return ([lines[0], rule] + lines[1...]).joined(separator: "\n")
  }
}
