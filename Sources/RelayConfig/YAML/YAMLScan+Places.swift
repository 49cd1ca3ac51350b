import Yams

extension YAMLScan {
  /// Where the block key at `mark` stands for the second time; `mark` itself if that is not known.
  func secondPlace(ofKeyAt mark: Mark) -> Place {
    guard let index = keys.firstIndex(where: { $0.line == mark.line && $0.column == mark.column }) else {
      return Place(line: mark.line, column: mark.column, keyPath: "")
    }
    return keys[(index + 1)...].first { $0.keyPath == keys[index].keyPath } ?? keys[index]
  }
}
