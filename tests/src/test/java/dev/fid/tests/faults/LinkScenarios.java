package dev.fid.tests.faults;

import dev.fid.Fd;
import dev.fid.PipeBudget;
import dev.fid.faults.FaultyKernel;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.link.Lane;
import dev.fid.link.Link;
import dev.fid.link.PipePool;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Links between two socket pairs, both directions at once or one after the other's end.
final class LinkScenarios {
    /// @param answers the right peer sends only after it has read the left one's end
    /// @param joined by {@link Link#join}; else by hand, as an event loop would
    record Shape(
            PipePool.Splicing splicing,
            boolean answers,
            boolean joined,
            int there,
            int back,
            String kernel,
            TransferScenarios.Kind kind) {
        String text() {
            return "link " + splicing + (answers ? ", an answer after the end" : "") + (joined ? ", joined" : "")
                    + (kernel.isEmpty() ? "" : ", " + kernel) + ", " + there + " and " + back;
        }
    }

    private LinkScenarios() {}

    static List<Scenario> all() {
        List<Shape> shapes = new ArrayList<>();
        for (PipePool.Splicing splicing : PipePool.Splicing.values()) {
            for (boolean joined : new boolean[] {true, false}) {
                for (boolean answers : new boolean[] {true, false}) {
                    shapes.add(new Shape(splicing, answers, joined, 150_000, 60_000, "", (faulty, i, o) -> {}));
                }
            }
            shapes.add(new Shape(splicing, false, true, 2000, 0, "", (faulty, i, o) -> {}));
        }
        shapes.add(new Shape(
                PipePool.Splicing.ALWAYS,
                true,
                true,
                100_000,
                50_000,
                "no splice",
                (faulty, i, o) -> faulty.on("splice").fails(Errno.EINVAL)));
        shapes.add(new Shape(
                PipePool.Splicing.ALWAYS,
                true,
                true,
                100_000,
                50_000,
                "no splice into the right",
                (faulty, i, o) -> faulty.on("splice")
                        .when(call -> Integer.valueOf(o).equals(call.arguments().get(2)))
                        .fails(Errno.EINVAL)));
        shapes.add(new Shape(
                PipePool.Splicing.AUTO,
                false,
                true,
                100_000,
                50_000,
                "no splice into the right",
                (faulty, i, o) -> faulty.on("splice")
                        .when(call -> Integer.valueOf(o).equals(call.arguments().get(2)))
                        .fails(Errno.EINVAL)));
        shapes.add(new Shape(
                PipePool.Splicing.AUTO,
                false,
                true,
                100_000,
                50_000,
                "no splice and short pipes",
                (faulty, i, o) -> faulty.on("splice")
                        .fails(Errno.ENOSYS)
                        .on("write")
                        .when(new EverySecond())
                        .fails(Errno.EAGAIN)
                        .on("write")
                        .every()
                        .shortens(3000)));
        shapes.add(new Shape(
                PipePool.Splicing.ALWAYS,
                false,
                true,
                100_000,
                50_000,
                "no pipes",
                (faulty, i, o) -> faulty.on("pipe2").fails(Errno.EMFILE)));
        return shapes.stream()
                .map(shape -> new Scenario(shape.text(), setting -> new Linking(shape, setting)))
                .toList();
    }

    /// A write that takes little and the next that takes nothing: some waits in the pipe and the rest in memory.
    private static final class EverySecond implements java.util.function.Predicate<FaultyKernel.Call> {
        private int calls;

        @Override
        public boolean test(FaultyKernel.Call call) {
            return ++calls % 2 == 0;
        }
    }

    private static final class Linking implements Scenario.Trial {
        private final Shape shape;
        private final World world;
        private final byte[] there;
        private final byte[] back;
        private final Fd left;
        private final Fd right;
        private final World.Reader atRight;
        private final World.Reader atLeft;
        private final PipeBudget budget;
        private final Scenario.Setting setting;
        private @Nullable Link link;

        Linking(Shape shape, Scenario.Setting setting) {
            this.shape = shape;
            this.setting = setting;
            this.world = new World(setting.real(), setting.random());
            this.there = Arrays.copyOf(TransferScenarios.CONTENT, shape.there);
            this.back = Arrays.copyOfRange(TransferScenarios.CONTENT, 200_000, 200_000 + shape.back);
            int[] one = world.pair(false);
            int[] two = world.pair(false);
            left = Fd.own(setting.kernel(), world.giveAway(one[0]), "left");
            right = Fd.own(setting.kernel(), world.giveAway(two[0]), "right");
            setting.watched().adopt(one[0]);
            setting.watched().adopt(two[0]);
            budget = new PipeBudget(setting.kernel(), 1 << 20, 0);
            atRight = world.read(two[1]);
            atLeft = world.read(one[1]);
            atRight.most = 4000; // slower than the other writes, so that bytes have to wait in the link
            atLeft.most = 4000;
            world.feed(one[1], there, true);
            world.feed(two[1], back, true, shape.answers ? new World.Reader[] {atRight} : new World.Reader[0]);
            shape.kind.apply(setting.faulty(), one[0], two[0]);
            world.drive(setting.faulty());
        }

        @Override
        public void run() throws Exception {
            try (left;
                    right;
                    PipePool pool = new PipePool(setting.kernel(), budget, 64 << 10, shape.splicing);
                    Link now = new Link(left, right, pool)) {
                link = now;
                if (shape.joined) {
                    now.join();
                } else {
                    byHand(now);
                }
            }
        }

        /// Where nothing is to be done it is asked once more: an invented EAGAIN comes without an edge.
        private void byHand(Link now) throws ErrnoException {
            boolean again = true;
            for (Lane.Wait state = now.run(); state != Lane.Wait.DONE; state = now.run()) {
                boolean moved = world.step();
                if (state == Lane.Wait.IN && !moved && !again) {
                    throw new Watched.Endless("the link waits for ever, and its peers have nothing more to do");
                }
                if (state == Lane.Wait.TIME && !moved && !again) {
                    now.cut(); // an invented error: the socket lives, and nothing more comes from it
                }
                again = moved || state == Lane.Wait.TURN;
            }
        }

        @Override
        public @Nullable String verdict(@Nullable Throwable thrown, List<FaultyKernel.Fault> faults) {
            world.settle();
            if (budget.pages() != 0 || budget.pipes() != 0) {
                return budget.pages() + " pages in " + budget.pipes() + " pipes are still counted";
            }
            boolean whole = thrown == null && faults.stream().noneMatch(f -> isEnd(f));
            String wrong = whole ? Comparison.whole(there, atRight.bytes()) : Comparison.prefix(there, atRight.bytes());
            if (wrong == null) {
                wrong = whole ? Comparison.whole(back, atLeft.bytes()) : Comparison.prefix(back, atLeft.bytes());
            }
            if (wrong == null && whole && (!atRight.ended || !atLeft.ended)) {
                wrong = "an end was not passed on";
            }
            Link now = link;
            if (wrong == null && now != null && now.there().moved() != atRight.bytes().length) {
                wrong = now.there().moved() + " counted, " + atRight.bytes().length + " arrived";
            }
            return wrong;
        }

        private static boolean isEnd(FaultyKernel.Fault fault) {
            return fault.outcome().equals("a false zero")
                    && (fault.call().name().equals("read")
                            || fault.call().name().equals("recv"));
        }

        @Override
        public void close() {
            world.close();
        }
    }
}
