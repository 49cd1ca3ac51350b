import RelayText

/// The block collections that are open at some place of a YAML text, and so its key path.
struct YAMLOutline {
  private struct Block {
    /// From 0.
    var column: Int
    /// The key that the scan is at; nil: a list.
    var key: String?
    /// The item that the scan is at.
    var index = 0
  }

  private var blocks: [Block] = []

  var depth: Int { blocks.count }
  /// Of the innermost collection; -1: there is none.
  var column: Int { blocks.last?.column ?? -1 }
  var firstKey: String? { blocks.first?.key }

  var keyPath: String {
    blocks.reduce(into: "") { path, block in
      guard let key = block.key else { return path += "[\(block.index)]" }
      path += path.isEmpty ? key.printable : ".\(key.printable)"
    }
  }

  /// A key closes what is indented deeper, and a list in its own column.
  mutating func open(key: String, at column: Int) {
    while let last = blocks.last, last.column > column || last.column == column && last.key == nil {
      blocks.removeLast()
    }
    if self.column == column { blocks.removeLast() }
    blocks.append(Block(column: column, key: key))
  }

  /// A list may stand in the column of the key that it belongs to.
  mutating func open(itemAt column: Int) {
    while let last = blocks.last, last.column > column { blocks.removeLast() }
    if let last = blocks.last, last.column == column, last.key == nil {
      blocks[blocks.count - 1].index += 1
    } else {
      blocks.append(Block(column: column))
    }
  }
}
