import Glibc

/// How many processors this process may use at once: what there are, less what the system keeps from it.
///
/// A container or a service sees all of a machine's processors, and may use a few of them: an event loop for each of the
/// others would take memory, and make the few switch between them.
package struct ProcessorShare: Sendable, Equatable {
  /// What is there: the machine's, or those of a narrower affinity (`taskset`, a cpuset).
  package var available: Int
  /// What the control groups allow: processors that they name, and processors' worth of time a period. nil: no bound.
  package var cpuset: Int?
  package var quota: Double?

  /// At least 1. A quota of one and a half keeps two busy.
  package var count: Int {
    let bounds = [available, cpuset ?? available, quota.map { Int($0.rounded(.up)) } ?? available]
    return max(1, bounds.min() ?? available)
  }

  /// As it is now; a change needs a restart.
  package static func current() -> ProcessorShare {
    ProcessorShare(
      online: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))),
      status: SystemFile.text("/proc/self/status") ?? "",
      groups: SystemFile.text("/proc/self/cgroup") ?? "", read: SystemFile.text)
  }

  /// - Parameters:
  ///   - online: How many processors run.
  ///   - status: `/proc/self/status`, whose line `Cpus_allowed_list:` is the affinity.
  ///   - groups: `/proc/self/cgroup`: a line `ID:CONTROLLERS:PATH` for each hierarchy; version 2's is `0::PATH`.
  ///   - read: A file's text; nil: there is none.
  init(online: Int, status: String, groups: String, read: (String) -> String?) {
    let key = "Cpus_allowed_list:"
    let allowed = status.split(separator: "\n").first { $0.hasPrefix(key) }
    available = min(online, allowed.flatMap { Self.processors(String($0.dropFirst(key.count))) } ?? online)
    for folder in Self.folders(groups) {
      if let text = read("\(folder)/cpu.max") { limit(quota: Self.quota(cpuMax: text)) }
      if let quota = read("\(folder)/cpu.cfs_quota_us"), let period = read("\(folder)/cpu.cfs_period_us") {
        limit(quota: Self.quota(cpuMax: "\(quota) \(period)"))
      }
      for name in ["cpuset.cpus.effective", "cpuset.effective_cpus", "cpuset.cpus"] {
        limit(cpuset: read("\(folder)/\(name)").flatMap(Self.processors))
      }
    }
  }

  private mutating func limit(quota new: Double?) {
    if let new { quota = min(quota ?? new, new) }
  }

  private mutating func limit(cpuset new: Int?) {
    if let new { cpuset = min(cpuset ?? new, new) }
  }

  /// `QUOTA PERIOD` in microseconds, as `cpu.max` has it; nil: `max`, or -1 as version 1 has it.
  static func quota(cpuMax text: String) -> Double? {
    let parts = text.split(whereSeparator: \.isWhitespace)
    guard parts.count == 2, let quota = Double(parts[0]), let period = Double(parts[1]), quota > 0, period > 0
    else { return nil }
    return quota / period
  }

  /// How many a list such as `0-3,8` names; nil: none, or it is no list.
  static func processors(_ list: String) -> Int? {
    var count = 0
    for range in list.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
      let ends = range.split(separator: "-").compactMap { Int($0) }
      guard let first = ends.first, let last = ends.last, ends.count <= 2, first <= last else { return nil }
      count += last - first + 1
    }
    return count > 0 ? count : nil
  }

  /// Where the groups' files may be: the process's own group and all above it, whose bounds hold too. In a container the
  /// path may be the host's and the folder the container's: what is not there is passed over.
  private static func folders(_ groups: String) -> [String] {
    let root = "/sys/fs/cgroup"
    var folders: [String] = []
    for line in groups.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let controllers = parts[1].split(separator: ",")
      if parts[1].isEmpty {
        folders += ancestors(of: parts[2], below: root) + ancestors(of: parts[2], below: "\(root)/unified")
      } else if controllers.contains("cpu") || controllers.contains("cpuset") {
        // The hierarchy is mounted under all its names, or linked from each.
        for name in Set(controllers.map(String.init) + [String(parts[1])]) {
          folders += ancestors(of: parts[2], below: "\(root)/\(name)")
        }
      }
    }
    return folders
  }

  private static func ancestors(of path: Substring, below root: String) -> [String] {
    var folders = [root]
    for part in path.split(separator: "/") where part != ".." { folders.append("\(folders.last!)/\(part)") }
    return folders
  }
}
