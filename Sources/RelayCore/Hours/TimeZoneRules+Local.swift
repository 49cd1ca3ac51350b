extension TimeZoneRules {
  /// The day that its clocks show, in days since 1970-01-01.
  package func day(at moment: Int64) -> Int64 {
    (moment + offset(at: moment)).flooredDivision(by: 86_400).quotient
  }

  /// When its clocks show a time: the first such moment. A time that clocks are set forward over is as much later than the
  /// change as it was to be after it.
  ///
  /// - Parameter local: What they show, in seconds since 1970 as if it were UTC.
  package func moment(showing local: Int64) -> Int64 {
    let first = moments(showing: local).lowerBound
    return first + offset(at: first) == local ? first : local - offset(at: first - 1)
  }

  /// The zone of whoever runs a process, found as the C library finds it: `TZ` is a name of zoneinfo, a file's path or a rule
  /// as POSIX writes it; without `TZ` it is /etc/localtime. What can't be read is UTC.
  ///
  /// - Parameters:
  ///   - environment: `TZ`, and `TZDIR` where zoneinfo is.
  ///   - file: The bytes of a file; nil: there is none such, or it can't be read.
  package static func local(environment: [String: String], file: (String) -> [UInt8]?) -> TimeZoneRules {
    guard let setting = environment["TZ"] else { return zone(at: "/etc/localtime", file) ?? .utc }
    let name = setting.hasPrefix(":") ? String(setting.dropFirst()) : setting
    if name.hasPrefix("/") { return zone(at: name, file) ?? .utc }
    let folder = environment["TZDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/usr/share/zoneinfo"
    let known = isName(name) ? zone(at: "\(folder)/\(name)", file) : nil
    return known ?? (try? TimeZoneRules(rule: name)) ?? .utc
  }

  private static func zone(at path: String, _ file: (String) -> [UInt8]?) -> TimeZoneRules? {
    file(path).flatMap { try? TimeZoneRules(name: path, file: $0) }
  }
}
