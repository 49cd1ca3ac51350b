import Glibc

// relay-fuzz TARGET [libFuzzer's flags and folders…]; without arguments: the targets' names.

/// What the fuzzer's input is given to. It is global, since the function that libFuzzer calls can hold on to nothing.
// Set once, before the fuzzer starts.
nonisolated(unsafe) var check: (UnsafeBufferPointer<UInt8>) -> Void = { _ in }

/// libFuzzer's entrance (compiler-rt/lib/fuzzer/FuzzerDriver.cpp).
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ check: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

guard CommandLine.arguments.count > 1 else {
  for target in FuzzTargets.all { print(target.name) }
  exit(0)
}
guard let target = FuzzTargets.all.first(where: { $0.name == CommandLine.arguments[1] }) else {
  print("there is no target '\(CommandLine.arguments[1])'; without arguments this says which there are")
  exit(2)
}
check = target.makeCheck()

// The fuzzer sees its own arguments: the program's name, and what follows the target's.
CommandLine.unsafeArgv[1] = CommandLine.unsafeArgv[0]
var arguments = CommandLine.unsafeArgv.advanced(by: 1)
var count = CommandLine.argc - 1
exit(
  runDriver(&count, &arguments) { start, size in
    check(UnsafeBufferPointer(start: start, count: size))
    return 0
  })
