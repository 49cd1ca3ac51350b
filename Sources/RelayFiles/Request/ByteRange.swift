/// Which part of a file a request wants (RFC 9110, 14.1.2): one range of bytes. Several at once, other units and what is no range
/// are as if nothing were said.
enum ByteRange: Equatable {
  case whole
  /// Offsets; not empty.
  case part(Range<Int>)
  /// Nothing of it stands in the file.
  case unsatisfiable

  /// - Parameters:
  ///   - header: The value of `Range`; nil: there is none.
  ///   - size: Of the file, in bytes.
  init(_ header: String?, size: Int) {
    let unit = "bytes="
    guard let header, header.prefix(unit.count).lowercased() == unit else {
      self = .whole
      return
    }
    let spec = header.dropFirst(unit.count)
    let ends = spec.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard ends.count == 2, ends.allSatisfy(Self.isNumber), !(ends[0].isEmpty && ends[1].isEmpty) else {
      self = .whole
      return
    }
    // A number that is too large for us is larger than any file.
    let numbers = ends.map { $0.isEmpty ? nil : Int($0) ?? .max }
    switch (numbers[0], numbers[1]) {
    case (let first?, let last?) where last < first: self = .whole
    case (let first?, _) where first >= size: self = .unsatisfiable
    case (let first?, let last): self = .part(first..<min(last ?? size, size - 1) + 1)
    case (nil, let count): self = Self.suffix(count ?? 0, size: size)
    }
  }

  private static func suffix(_ count: Int, size: Int) -> ByteRange {
    count > 0 && size > 0 ? .part(max(0, size - count)..<size) : .unsatisfiable
  }

  private static func isNumber(_ text: Substring) -> Bool {
    text.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }
}
