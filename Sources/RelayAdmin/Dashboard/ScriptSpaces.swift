/// Takes spaces out of scripts that no browser needs: some 9 KB of what is loaded.
enum ScriptSpaces {
  /// Between two of these a space changes no meaning. (Between `+` and `+` it does.)
  private static let signs = Set(",{};:?()[]=<>&|!".utf8)
  /// A line with one of these may hold a text or a pattern whose spaces count, and whose end is not easily found: it stays.
  private static let unclear = Set("`'/".utf8)

  /// - Parameter source: A script in which no text goes over several lines.
  static func removed(from source: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(source.count)
    for line in source.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      if !result.isEmpty { result.append(UInt8(ascii: "\n")) }
      if line.contains(where: unclear.contains) { result += line } else { add(line, to: &result) }
    }
    return result
  }

  private static func add(_ line: ArraySlice<UInt8>, to result: inout [UInt8]) {
    var isText = false
    var index = line.startIndex
    while index < line.endIndex {
      let byte = line[index]
      let next = index + 1 < line.endIndex ? line[index + 1] : nil
      index += 1
      if isText, byte == UInt8(ascii: "\\"), let next {
        result += [byte, next]
        index += 1
        continue
      }
      if byte == UInt8(ascii: "\"") { isText.toggle() }
      if byte == UInt8(ascii: " "), !isText {
        let isBeside = { signs.contains($0) }
        if result.last.map(isBeside) ?? false || next.map(isBeside) ?? false { continue }
      }
      result.append(byte)
    }
  }
}
