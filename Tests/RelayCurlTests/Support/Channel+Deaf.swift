import NIOCore

extension Channel {
  /// Lets the kernel drop what comes, by a filter of the socket (linux/filter.h).
  func dropEverything() async throws {
    let instruction = UnsafeMutablePointer<FilterInstruction>.allocate(capacity: 1)
    instruction.initialize(to: FilterInstruction())
    defer { instruction.deallocate() }
    let attachFilter = NIOBSDSocket.Option(rawValue: 26)
    // Every channel of a socket provides the socket's options.
    try await (self as! any SocketOptionProvider).unsafeSetSocketOption(
      level: .socket, name: attachFilter, value: FilterProgram(instructions: instruction)
    ).get()
  }
}

/// BPF_RET | BPF_K: of each packet so many bytes pass.
private struct FilterInstruction {
  var code: UInt16 = 0x06
  var jumpTrue: UInt8 = 0
  var jumpFalse: UInt8 = 0
  var value: UInt32 = 0
}

private struct FilterProgram: @unchecked Sendable {  // It lives for one call, which waits for its end.
  var count: UInt16 = 1
  var instructions: UnsafeMutablePointer<FilterInstruction>
}
