import Foundation
import RelayCore

/// Time zones of this machine's zoneinfo.
enum Zones {
  static func of(_ name: String) throws -> TimeZoneRules {
    try TimeZoneRules(name: name, file: Array(Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/\(name)"))))
  }
}
