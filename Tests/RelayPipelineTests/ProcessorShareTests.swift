import Testing

@testable import RelayPipeline

/// Each layout as the kernel shows it, on a machine with 32 processors.
@Suite struct ProcessorShareTests {
  private func count(groups: String = "0::/\n", status: String = "", _ files: [String: String]) -> Int {
    ProcessorShare(online: 32, status: status, groups: groups) { files[$0] }.count
  }

  @Test func withoutBoundsAllAreUsed() {
    #expect(count([:]) == 32)
    #expect(count(groups: "", [:]) == 32)
    #expect(count(["/sys/fs/cgroup/cpu.max": "max 100000\n"]) == 32)
    #expect(
      count(
        groups: "1:cpu:/\n",
        ["/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n", "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n"])
        == 32)
  }

  @Test(arguments: [
    ("100000 100000", 1), ("150000 100000", 2), ("50000 100000", 1), ("1000 100000", 1), ("400000 100000", 4),
    ("400000 200000", 2), ("6400000 100000", 32),
  ])
  func aQuotaOfVersion2IsRoundedUp(text: String, expected: Int) {
    #expect(count(["/sys/fs/cgroup/cpu.max": text + "\n"]) == expected)
  }

  /// systemd's CPUQuota=: the bound stands in the unit's own group, or in a slice above it.
  @Test func everyGroupAboveTheProcessCounts() {
    let groups = "0::/system.slice/huggy-relay.service\n"
    let root = "/sys/fs/cgroup"
    #expect(count(groups: groups, ["\(root)/system.slice/huggy-relay.service/cpu.max": "200000 100000"]) == 2)
    #expect(
      count(
        groups: groups,
        [
          "\(root)/system.slice/huggy-relay.service/cpu.max": "max 100000",
          "\(root)/system.slice/cpu.max": "300000 100000",
        ]) == 3)
    #expect(count(groups: groups, ["\(root)/other.slice/cpu.max": "100000 100000"]) == 32)
  }

  /// The path is the host's, the folder the container's.
  @Test func inAContainerTheRootCounts() {
    #expect(
      count(groups: "0::/kubepods/pod1/2\n", ["/sys/fs/cgroup/cpu.max": "200000 100000"]) == 2)
    #expect(
      count(groups: "0::/../../pod2/3\n", ["/sys/fs/cgroup/cpu.max": "200000 100000"]) == 2)
  }

  @Test func aQuotaOfVersion1CountsUnderEachOfItsNames() {
    for folder in ["cpu", "cpuacct", "cpu,cpuacct"] {
      let files = [
        "/sys/fs/cgroup/\(folder)/cpu.cfs_quota_us": "250000\n",
        "/sys/fs/cgroup/\(folder)/cpu.cfs_period_us": "100000\n",
      ]
      #expect(count(groups: "5:memory:/\n4:cpu,cpuacct:/docker/1\n0::/\n", files) == 3)
    }
  }

  @Test(arguments: [("0", 1), ("0-3", 4), ("0-3,8,10-11", 7), ("", 32), ("x", 32), ("3-1", 32), ("0,2\n", 2)])
  func aCpusetIsCounted(list: String, expected: Int) {
    #expect(count(["/sys/fs/cgroup/cpuset.cpus.effective": list]) == expected)
    #expect(count(groups: "2:cpuset:/\n", ["/sys/fs/cgroup/cpuset/cpuset.cpus": list]) == expected)
  }

  @Test func theAffinityIsCounted() {
    #expect(count(status: "Name:\thuggy-relay\nCpus_allowed:\t3\nCpus_allowed_list:\t0-1\n", [:]) == 2)
    #expect(count(status: "Cpus_allowed_list:\t0-63\n", [:]) == 32, "more than run")
  }

  @Test func theNarrowestBoundHolds() {
    let files = ["/sys/fs/cgroup/cpu.max": "300000 100000", "/sys/fs/cgroup/cpuset.cpus.effective": "0-4"]
    #expect(count(status: "Cpus_allowed_list:\t0-7\n", files) == 3)
  }

  @Test func thisProcessHasAShare() {
    #expect(ProcessorShare.current().count >= 1)
  }
}
