package dev.fid.model;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// What all parts of one model kernel share: its one lock, its clock, its limits, its bill, and the count of pages
/// that live.
final class Machine {
    final Profile profile;
    final Limits limits;
    final Ledger ledger;
    final Freedom freedom;
    final ModelClock clock;
    final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private long changes;

    private long pageNumbers;
    private long livePages;
    private long pipePages;

    /// The page that all holes of tmpfs files and all untouched user memory share.
    final Page zeroPage;

    /// The task's page fragment: 32 KiB from which socket buffers are cut. Source: net/core/sock.c,
    /// `skb_page_frag_refill`.
    final PageFragment fragment;

    Machine(Profile profile, Limits limits, Freedom freedom, ModelClock clock) {
        this.profile = profile;
        ledger = new Ledger(profile);
        this.limits = limits;
        this.freedom = freedom;
        this.clock = clock;
        zeroPage = new Folio(this, 1).pages[0];
        zeroPage.folio().upToDate = true;
        fragment = new PageFragment(this);
    }

    long nextPageNumber() {
        return pageNumbers++;
    }

    void pagesAllocated(int pages) {
        livePages += pages;
    }

    void pagesFreed(int pages) {
        livePages -= pages;
    }

    long livePages() {
        return livePages;
    }

    /// A fresh page, or null when the memory is used up (ENOMEM).
    @org.jspecify.annotations.Nullable
    Page newPage() {
        return livePages >= limits.memoryPages() ? null : new Folio(this, 1).pages[0];
    }

    /// `account_pipe_buffers`: returns what the user has then.
    long accountPipePages(long before, long after) {
        pipePages += after - before;
        return pipePages;
    }

    /// Something changed that a sleeper may wait for.
    void wake() {
        changes++;
        changed.signalAll();
    }

    /// How often something changed; for {@link #sleep(long, long)}.
    long changes() {
        return changes;
    }

    /// Waits until something changes. Like a task in the kernel it is deaf to Thread.interrupt.
    void sleep() {
        sleep(changes, Long.MAX_VALUE);
    }

    /// Waits until something changes after `seen`, or the clock says `deadline`; false when the time is over.
    boolean sleep(long seen, long deadline) {
        while (changes == seen) {
            if (clock.nanos() - deadline >= 0 && deadline != Long.MAX_VALUE) {
                return false;
            }
            clock.await(changed, deadline);
        }
        return true;
    }
}
