import RelayCore
import RelayText

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The time zones that this machine knows: the files of its zoneinfo.
struct SystemTimeZones {
  private let folder: String

  /// - Parameter environment: `TZDIR` says where they are, as for everybody else.
  init(environment: [String: String]) {
    folder = environment["TZDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/usr/share/zoneinfo"
  }

  /// - Parameter name: What `TimeZoneRules.isName` takes.
  func zone(_ name: String) throws(Fault) -> TimeZoneRules {
    let path = "\(folder)/\(name)"
    let bytes: [UInt8]
    do {
      bytes = try ConfigurationFile.bytes(at: path, atMost: TimeZoneRules.largestFile)
    } catch {
      throw fault(name, error)
    }
    do {
      return try TimeZoneRules(name: name, file: bytes)
    } catch {
      throw Fault("\(error.message) (looked at \(path))")
    }
  }

  private func fault(_ name: String, _ failure: ConfigurationFile.Failure) -> Fault {
    guard access(folder, F_OK) == 0 else {
      return Fault(
        "can't be looked up: this machine has no time zones (there is no \(folder)); install the package tzdata"
      )
    }
    guard access("\(folder)/\(name)", F_OK) != 0 else {
      return Fault("can't be read (looked at \(folder)/\(name)): \(failure.message)")
    }
    let hint = nearest(name).map { "; did you mean '\($0)'?" } ?? ""
    return Fault("is not a time zone that this machine knows (looked at \(folder)/\(name))\(hint)")
  }

  /// The zone that was meant, by its whole name or by its last part: `Sao_Paulo`.
  private func nearest(_ name: String) -> String? {
    // One a line, with its name in the third column.
    guard let bytes = try? ConfigurationFile.bytes(at: "\(folder)/zone.tab", atMost: 1 << 20) else {
      return nil
    }
    let names = String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
      let columns = line.split(separator: "\t")
      return line.hasPrefix("#") || columns.count < 3 ? nil : String(columns[2])
    }
    if let whole = NearestName.of(name, among: names) { return whole }
    let last = { (name: String) in name.split(separator: "/").last.map(String.init) ?? name }
    let place = NearestName.of(last(name), among: names.map(last))
    return names.first { last($0) == place }
  }
}
