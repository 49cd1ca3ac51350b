import Foundation
import Testing

@testable import RelayCore

/// Time zones for tests: of this machine, and made by hand.
enum ZoneFiles {
  static let folder = "/usr/share/zoneinfo"
  static let zdump = "/usr/bin/zdump"
  static var areThere: Bool {
    [folder, zdump, "\(folder)/zone.tab"].allSatisfy { FileManager.default.fileExists(atPath: $0) }
  }

  static func zone(_ name: String) throws -> TimeZoneRules {
    try TimeZoneRules(name: name, file: Array(Data(contentsOf: URL(filePath: "\(folder)/\(name)"))))
  }

  /// All that people live in, and some odd ones.
  static func names() throws -> [String] {
    let table = try String(contentsOfFile: "\(folder)/zone.tab", encoding: .utf8)
    let places = table.split(separator: "\n").filter { !$0.hasPrefix("#") }.map {
      String($0.split(separator: "\t")[2])
    }
    return places + ["UTC", "Etc/GMT+5", "EST5EDT", "CET"]
  }

  /// A file with one offset and a rule, or with nothing but that.
  static func file(
    rule: String, offset: Int32 = 0, changes: [(at: Int64, offset: Int32)] = [], version: UInt8 = 0x32
  ) -> [UInt8] {
    func bytes(_ number: Int64, _ size: Int) -> [UInt8] {
      (0..<size).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * Int64($0))) }
    }
    func header(_ times: Int, _ types: Int, _ characters: Int) -> [UInt8] {
      Array("TZif".utf8) + [version] + [UInt8](repeating: 0, count: 15)
        + [0, 0, 0, times, types, characters].flatMap { bytes(Int64($0), 4) }
    }
    let offsets = [offset] + changes.map(\.offset)
    return header(0, 1, 1) + [UInt8](repeating: 0, count: 7) + header(changes.count, offsets.count, 1)
      + changes.flatMap { bytes($0.at, 8) } + changes.indices.map { UInt8($0 + 1) }
      + offsets.flatMap { bytes(Int64($0), 4) + [0, 0] } + [0x41] + Array("\n\(rule)\n".utf8)
  }

  static func made(_ rule: String) throws -> TimeZoneRules {
    try TimeZoneRules(name: "made", file: file(rule: rule))
  }

  /// What zdump says of a moment.
  struct Line {
    let zone: String
    let moment: Int64
    let offset: Int64
  }

  /// Both sides of every change from 1900 to 2200, as the system's own reader has it.
  static func dump(_ names: [String]) throws -> [Line] {
    let process = Process()
    process.executableURL = URL(filePath: zdump)
    process.arguments = ["-v", "-c", "1900,2200"] + names
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let text = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    return text.split(separator: "\n").compactMap(line)
  }

  /// `America/Sao_Paulo  Sun Feb 18 01:59:59 2018 UT = Sat Feb 17 23:59:59 2018 -02 isdst=1 gmtoff=-7200`.
  private static func line(_ text: Substring) -> Line? {
    let words = text.split(separator: " ", omittingEmptySubsequences: true)
    guard words.count >= 7, words[6] == "UT", let offset = words.last?.split(separator: "=").last,
      let seconds = Int64(offset), let year = Int(words[5]), let day = Int(words[3]),
      let month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        .firstIndex(of: String(words[2])),
      let date = CivilDate.days(year: Int64(year), month: Int64(month + 1), day: Int64(day))
    else { return nil }
    let clock = words[4].split(separator: ":").compactMap { Int64($0) }
    guard clock.count == 3 else { return nil }
    return Line(
      zone: String(words[0]), moment: date * 86_400 + clock[0] * 3_600 + clock[1] * 60 + clock[2],
      offset: seconds)
  }
}
