import Testing

@testable import RelayCore

/// A replay's step that is cut, and what is kept of where its walks are.
struct ReplayStepTests {
  /// Events 1 to 5; between the second and the third two went nowhere, and so did one after the last.
  private static let step = ReplayStep(
    replay: 7,
    entries: (1...5).map { place in
      ReplayStep.Entry(
        event: EventID(high: 1, low: UInt64(place)), place: EventCursor(rawValue: Int64(place * 10)),
        source: "huggy", chat: nil, bytes: 600,
        targets: [ReplayStep.Target(destination: "crm"), ReplayStep.Target(destination: "bi")],
        skippedBefore: place == 3 ? 2 : 0)
    }, matched: 8, skipped: 3, cursor: "60", isLast: true)

  @Test(arguments: [(4, 2), (5, 2), (6, 3), (1, 1), (0, 1)])
  func aStepIsCutBehindAWholeEntry(limit: Int, entries: Int) throws {
    var first = Self.step
    let cut = first.cut(after: limit)
    let second = try #require(cut)
    #expect(first.entries.count == entries && first.cursor == "\(entries * 10)" && !first.isLast)
    #expect(first.entries + second.entries == Self.step.entries)
    #expect(second.cursor == "60" && second.isLast && second.deliveries == 10 - 2 * entries)
  }

  @Test func whatWentNowhereIsCountedWithWhatComesAfterIt() throws {
    var first = Self.step
    let cut = first.cut(after: 4)
    var second = try #require(cut)
    #expect(first.matched == 2 && first.skipped == 0)
    let secondCut = second.cut(after: 2)
    let third = try #require(secondCut)
    #expect(second.matched == 3 && second.skipped == 2)
    #expect(third.matched == 3 && third.skipped == 1)
  }

  @Test func whatIsShortEnoughOrHasNoPlaceIsLeftWhole() {
    var whole = Self.step
    #expect(whole.cut(after: 10) == nil && whole == Self.step)
    whole.entries = whole.entries.map { entry in
      var entry = entry
      entry.place = nil
      return entry
    }
    let placeless = whole
    #expect(whole.cut(after: 2) == nil && whole == placeless)
  }

  // MARK: Where walks are

  @Test(arguments: [
    (ReplayCursors(), nil), (ReplayCursors(main: .at("480")), "480"), (ReplayCursors(main: .over), "over"),
    (ReplayCursors(main: .at("480"), parted: ["crm": .at("96"), "bi": .over]), "480&bi=over&crm=96"),
    (ReplayCursors(parted: ["a&b=c": .at(nil)]), "&a%26b%3Dc="),
  ])
  func cursorsAreTheSameAfterTheStoreHasKeptThem(cursors: ReplayCursors, text: String?) {
    #expect(cursors.text == text)
    #expect(ReplayCursors(text: text) == cursors)
  }

  @Test func aReplayIsOverOnceAllItsWalksAre() {
    var cursors = ReplayCursors(main: .over, parted: ["crm": .at("1")])
    #expect(!cursors.areOver && cursors["crm"] == .at("1") && cursors[nil] == .over)
    #expect(cursors["bi"] == .over, "there is no such walk")
    cursors["crm"] = .over
    #expect(cursors.areOver)
  }
}
