import RelayText

/// Text in which `*` stands for any run of characters and `?` for one.
///
/// `[*]`, `[?]` and `[[]` are the characters themselves; any other `[` is literal. Matching is on UTF-8, without
/// recursion, in time O(text × runs of `*`). Case is folded for ASCII letters only, and only where asked.
package struct WildcardPattern: Hashable, Sendable {
  private enum Piece: Hashable, Sendable {
    case byte(UInt8)
    case anyCharacter
    case anyRun
  }

  /// The pattern as it was written.
  package let source: String
  package let ignoresCase: Bool
  private let pieces: [Piece]
  /// The text that the pattern equals, case folded where case is ignored; nil if it holds a wildcard.
  package let literal: String?

  package init(_ source: String, ignoringCase: Bool = false) {
    self.source = source
    ignoresCase = ignoringCase
    var pieces: [Piece] = []
    var rest = Array(source.utf8)[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "["):
        let next = rest.first
        let isEscape =
          rest.dropFirst().first == UInt8(ascii: "]")
          && (next == UInt8(ascii: "*") || next == UInt8(ascii: "?") || next == UInt8(ascii: "["))
        pieces.append(.byte(isEscape ? next! : byte))
        if isEscape { rest = rest.dropFirst(2) }
      case UInt8(ascii: "*"):
        if pieces.last != .anyRun { pieces.append(.anyRun) }
      case UInt8(ascii: "?"): pieces.append(.anyCharacter)
      default: pieces.append(.byte(ignoringCase ? byte.asciiLowercased : byte))
      }
    }
    self.pieces = pieces
    let bytes = pieces.compactMap { piece -> UInt8? in if case .byte(let byte) = piece { byte } else { nil } }
    literal = bytes.count == pieces.count ? String(decoding: bytes, as: UTF8.self) : nil
  }

  /// True for `*` alone.
  package var matchesEverything: Bool { pieces == [.anyRun] }

  package func matches(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { matches($0) }
  }

  package func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    var position = 0
    var piece = 0
    // Where the last `*` stands, and how far the text was when it took nothing.
    var lastRun: (piece: Int, position: Int)?
    while position < text.count {
      if piece < pieces.count {
        switch pieces[piece] {
        case .anyRun:
          lastRun = (piece, position)
          piece += 1
          continue
        case .anyCharacter:
          position = text.endOfCharacter(at: position)
          piece += 1
          continue
        case .byte(let byte):
          if byte == (ignoresCase ? text[position].asciiLowercased : text[position]) {
            position += 1
            piece += 1
            continue
          }
        }
      }
      guard let run = lastRun else { return false }
      let next = text.endOfCharacter(at: run.position)
      lastRun = (run.piece, next)
      position = next
      piece = run.piece + 1
    }
    return pieces[piece...].allSatisfy { $0 == .anyRun }
  }
}

extension WildcardPattern: CustomStringConvertible {
  package var description: String { source }
}

extension UnsafeBufferPointer<UInt8> {
  /// The offset after the UTF-8 character that begins at `position`.
  fileprivate func endOfCharacter(at position: Int) -> Int {
    var end = position + 1
    while end < count, self[end] & 0xC0 == 0x80 { end += 1 }
    return end
  }
}
