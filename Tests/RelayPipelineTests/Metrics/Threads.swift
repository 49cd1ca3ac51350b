import RelayThreads

/// Runs the body on so many threads at once, and returns when all have ended.
func onThreads(_ count: Int, _ body: @escaping @Sendable (_ thread: Int) -> Void) {
  let waiting = Monitor(0)
  let threads = (0..<count).map { index in
    WorkerThread(name: "test-\(index)") {
      waiting.update { $0 += 1 }
      // So that they begin together.
      _ = waiting.wait { $0 == count ? true : nil }
      body(index)
    }
  }
  for thread in threads { thread.join() }
}
