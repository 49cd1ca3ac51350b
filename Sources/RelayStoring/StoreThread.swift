import RelayCore
import RelayThreads

/// A store's thread, the inbox of what is asked of it, and the watch over whether it comes back.
///
/// While nothing is asked it sleeps, until its backend has something to do at a time that it knows, and once a minute to write that it
/// lives. Two more things wake up by time: a store that can't commit tries its settlements again every second; and while there is
/// something to do, a second thread looks now and then whether the first still comes back (`HangWatch`).
package final class StoreThread: Sendable {
  private let inbox: Monitor<StoreInbox>
  private let thread: WorkerThread
  private let hasEnded: Monitor<Bool>
  private let watch: HangWatch

  private init(
    _ inbox: Monitor<StoreInbox>, _ thread: WorkerThread, hasEnded: Monitor<Bool>, watch: HangWatch
  ) {
    self.inbox = inbox
    self.thread = thread
    self.hasEnded = hasEnded
    self.watch = watch
  }

  /// Opens a store on a thread of its own, which no other may use it on.
  ///
  /// - Parameters:
  ///   - hanging: What senders are told while the thread does not come back.
  ///   - hangAfter: When that is so.
  ///   - open: Called on the thread, with what makes it come for more from any other: the store, and what is to be known of it outside.
  /// - Throws: Why it can't be opened. The thread has ended then.
  package static func start<Backend: StoreBackend & SendableMetatype, Opened: Sendable>(
    hanging: StoreError, after hangAfter: Duration, clock: any SteadyClock, observer: (any StoreObserver)?,
    open: @escaping @Sendable (_ wake: @escaping @Sendable () -> Void) throws(StoreError) -> (Backend, Opened)
  ) throws(StoreError) -> (StoreThread, Opened) {
    let inbox = Monitor(StoreInbox(hanging: hanging))
    let opened = Monitor<Result<Opened, StoreError>?>(nil)
    let hasEnded = Monitor(false)
    let thread = WorkerThread(name: "store") {
      do throws(StoreError) {
        let (backend, known) = try open { _ = inbox.change { $0.post(.read(.ping {})) } }
        let loop = StoreLoop(backend, inbox: inbox, clock: clock, observer: observer)
        opened.update { $0 = .success(known) }
        loop.run()
      } catch {
        opened.update { $0 = .failure(error) }
      }
      hasEnded.update { $0 = true }
    }
    do throws(StoreError) {
      let known = try opened.wait { $0 }!.get()
      let watch = HangWatch(inbox, interval: hangAfter / HangRule.looks, observer: observer)
      return (StoreThread(inbox, thread, hasEnded: hasEnded, watch: watch), known)
    } catch {
      thread.join()
      throw error
    }
  }

  /// Once it closes, or hangs, nobody is left waiting; these answers come on the caller's thread.
  package func post(_ operation: StoreOperation) {
    let (refusal, beginsWatch) = inbox.change { inbox in
      let (isAccepted, wakes) = inbox.post(operation)
      return ((isAccepted ? nil : inbox.refusal(of: operation), isAccepted && inbox.beginWatch()), wakes)
    }
    if let refusal { operation.refuse(refusal) }
    if beginsWatch { watch.begin() }
  }

  /// What is asked by then is finished; jobs that are under way are cut off, and fail with `closed`. Blocks until that is done.
  package func close() {
    inbox.update { $0.close() }
    thread.join()
    watch.end()
  }

  /// The same, but waits no longer than that.
  ///
  /// - Returns: Whether it is closed. If not, the thread hangs; the process can end all the same: the next start finds what
  ///   was answered.
  package func close(within limit: Duration) -> Bool {
    inbox.update { $0.close() }
    guard hasEnded.wait(timeout: limit, until: { $0 ? true : nil }) != nil else { return false }
    close()
    return true
  }
}
