import RelayText

/// Where a replay goes on: its walk, and the walks that were parted from it.
///
/// One walk leads to all destinations. One of them that has no room (it is paused, down or slow) gets a walk of its own, and the
/// others go on without it. What is parted stays so.
package struct ReplayCursors: Sendable, Equatable {
  /// How far a walk is.
  package enum Place: Sendable, Hashable {
    /// It goes on there, as whoever walks understands it; nil: at the beginning.
    case at(String?)
    /// It has queued all that it had to.
    case over
  }

  package var main: Place
  /// By destination.
  package var parted: [String: Place]

  package init(main: Place = .at(nil), parted: [String: Place] = [:]) {
    self.main = main
    self.parted = parted
  }

  /// All of them.
  package var areOver: Bool { main == .over && parted.values.allSatisfy { $0 == .over } }

  /// - Parameter part: The destination of a walk that was parted; nil: the one of all others.
  package subscript(part: String?) -> Place {
    get { part.map { parted[$0] ?? .over } ?? main }
    set { if let part { parted[part] = newValue } else { main = newValue } }
  }
}

// MARK: As text

/// As the store keeps it: a cursor alone, or with those that were parted behind it: `480&crm=96&bi`. One without a cursor is
/// over.
extension ReplayCursors {
  private static let over = "over"

  /// nil: nothing has been done yet.
  package var text: String? {
    guard !parted.isEmpty || main != .at(nil) else { return nil }
    let parts = parted.sorted { $0.key < $1.key }.map { name, place in
      "&\(name.percentEncoded)=\(Self.text(place))"
    }
    return Self.text(main) + parts.joined()
  }

  private static func text(_ place: Place) -> String {
    switch place {
    case .at(let cursor): cursor?.percentEncoded ?? ""
    case .over: over
    }
  }

  package init(text: String?) {
    self.init()
    let items = (text ?? "").split(separator: "&", omittingEmptySubsequences: false)
    main = Self.place(items.first ?? "")
    for item in items.dropFirst() {
      let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      parted[String(pair[0]).percentDecoded] = Self.place(pair.count == 2 ? pair[1] : "")
    }
  }

  private static func place(_ text: Substring) -> Place {
    text == over ? .over : .at(text.isEmpty ? nil : String(text).percentDecoded)
  }
}
