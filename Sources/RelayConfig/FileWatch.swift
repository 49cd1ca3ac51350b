import RelaySystem

/// Which of the files that the configuration refers to are others than those that it was read from, and when it is to be read again. Pure.
///
/// What has changed is taken once two looks in a row find the same: somebody may be writing it. What is of no use is told once for each state
/// of the files, and tried again when that changes.
package struct FileWatch: Sendable, Equatable {
  package enum Step: Sendable, Equatable {
    /// All is as it was.
    case nothing
    /// Something has changed: look again soon.
    case lookAgain
    /// Read the configuration again, for these paths; then `took`, or `refuse`.
    case reload([String])
  }

  /// What the configuration was read from.
  package private(set) var files: [ReferencedFile]
  /// What the last look found, where that was something new.
  private var seen: [FileVersion?]?
  /// What was found when the configuration was wrong with it.
  private var refused: [FileVersion?]?
  /// What the reload under way is for.
  private var tried: [FileVersion?]?

  package init(_ files: [ReferencedFile] = []) {
    self.files = files
  }

  /// - Parameter versions: Of `files`, now; nil: there is none.
  package mutating func looked(_ versions: [FileVersion?]) -> Step {
    guard versions.count == files.count, let paths = news(in: versions) else {
      seen = nil
      return .nothing
    }
    guard versions == seen else {
      seen = versions
      return .lookAgain
    }
    seen = nil
    tried = versions
    return .reload(paths)
  }

  /// A configuration is taken, for whatever reason.
  package mutating func took(_ files: [ReferencedFile]) {
    self = FileWatch(files)
  }

  /// The reload has failed: what was there before stays.
  package mutating func refuse() {
    refused = tried ?? refused
    tried = nil
  }

  /// The paths that are a reason to read the configuration; nil: there is no reason.
  private func news(in versions: [FileVersion?]) -> [String]? {
    let known = refused ?? files.map { Optional($0.version) }
    guard versions != known else { return nil }
    let changed = zip(files, zip(versions, known)).filter { $1.0 != $1.1 }.map(\.0)
    // A listener's own files alone are none, unless they may be what was wrong.
    guard refused != nil || changed.contains(where: { !$0.isListeners }) else { return nil }
    return changed.map(\.path)
  }
}
