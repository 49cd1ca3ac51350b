import RelayCore
import RelayPipeline

@testable import RelayAdmin

/// What the admin API is asked, in an address or in a body: it is understood or refused with words, and what is understood can be
/// sent as commands send it, and means the same.
///
/// An input's first byte says what is asked; the rest is a body where it begins as an object, else the part of an address behind its `?`.
enum AdminTarget {
  /// 2026-11-28T20:00:00Z
  private static let now = Timestamp(microseconds: 1_795_896_000_000_000)

  private static func makeChecks() -> [(JSONInput) -> Void] {
    [
      { check($0, EventFilterInput.self) { try $0.filter(now: now) } },
      { check($0, DeliveriesInput.self) { try $0.search($0.filter.filter(now: now)) } },
      { check($0, DeliveryFilterInput.self) { try $0.filter(now: now) } },
      { check($0, DeliveryGroupsInput.self) { try PageInput.cursor($0.after).map(checkCursor) } },
      { check($0, PageInput.self) { try $0.cursor().map(checkCursor) } },
      { check($0, SelectionInput.self) { try ChangeRequest($0, for: .retry, now: now) } },
      { check($0, SelectionInput.self) { try ChangeRequest($0, for: .discard, now: now) } },
      { check($0, ReplayInput.self) { try $0.plan(now: now) } },
      { check($0, SeriesInput.self) { try $0.request(now: now) } },
      { check($0, StreamInput.self) { try $0.subscription(after: nil, now: now) } },
      { check($0, TokenInput.self) { try $0.wish() } },
      { check($0, TestInput.self) { try $0.sample() } },
      { check($0, BacktestInput.self) { try $0.request(now: now) } },
      { check($0, ExplainInput.self) { _ in } },
      { check($0, PauseInput.self) { _ in } },
      { check($0, SampleInput.self) { _ in } },
    ]
  }

  static func makeCheck() -> FuzzTargets.Check {
    let checks = makeChecks()
    return { input in
      guard let kind = input.first else { return }
      let bytes = Array(input.dropFirst())
      let check = checks[Int(kind) % checks.count]
      if bytes.first == UInt8(ascii: "{") {
        if let body = JSONInput.parse(bytes) { check(body) }
      } else {
        check(address(String(decoding: bytes, as: UTF8.self)))
      }
    }
  }

  private static func address(_ query: String) -> JSONInput {
    .object(QueryItems(query).items.mapValues { .parameter($0) })
  }

  private static func check<I: Input & Equatable, Meaning>(
    _ given: JSONInput, _ type: I.Type, _ mean: (I) throws -> Meaning
  ) {
    guard let input = decoded(type, given, mean) else { return }
    do {
      let body = try RequestText.body(input)
      guard let sent = JSONInput.parse(body) else { fatalError("what is sent is no JSON: \(body)") }
      requireSame(
        try RecordDecoder.decode(type, from: sent, .request), input, String(decoding: body, as: UTF8.self))
      // Addresses have no lists within lists, and no null.
      guard !body.contains(UInt8(ascii: "{"), behind: 1),
        !String(decoding: body, as: UTF8.self).contains(":null")
      else { return }
      let query = try RequestText.query(input)
      requireSame(try RecordDecoder.decode(type, from: address(query), .request), input, query)
    } catch {
      fatalError("what was understood can't be sent: \(error)")
    }
  }

  /// nil: it was refused, with words.
  private static func decoded<I: Input, Meaning>(
    _ type: I.Type, _ given: JSONInput, _ mean: (I) throws -> Meaning
  ) -> I? {
    do {
      let input = try RecordDecoder.decode(type, from: given, .request)
      _ = try mean(input)
      return input
    } catch let error as APIError {
      require(!error.message.isEmpty, "a refusal says nothing")
    } catch {
      fatalError("it is refused without words: \(error)")
    }
    return nil
  }

  /// A cursor is a number as the relay has given it.
  private static func checkCursor(_ cursor: Int64) {
    requireSame(Int64(givenNumber: "\(cursor)"), cursor, "a cursor")
  }
}

extension [UInt8] {
  fileprivate func contains(_ byte: UInt8, behind place: Int) -> Bool { dropFirst(place).contains(byte) }
}
