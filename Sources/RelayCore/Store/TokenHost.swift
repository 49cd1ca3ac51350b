/// Who knows the tokens that sources have learned, as a store sees it that several relays share. Called from the store's thread; returns at
/// once.
package protocol TokenHost: Sendable {
  /// These are all that are kept, by their sources' names: people may have confirmed or forgotten some at other relays.
  func tokensAre(_ learned: [String: LearnedToken])
}
