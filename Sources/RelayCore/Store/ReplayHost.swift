/// Who walks along replays, as a store sees it that several relays share. Called from the store's thread; returns at once.
package protocol ReplayHost: Sendable {
  /// This relay is to go on with these, which nobody walks along any more. One that it walks along already may be among them.
  func replaysCame(_ replays: [Replay])
}
