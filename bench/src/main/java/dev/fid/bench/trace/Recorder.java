package dev.fid.bench.trace;

import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Span;
import dev.fid.kernel.Uapi;
import dev.fid.model.Ledger;
import dev.fid.model.ModelKernel;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/// A model kernel that writes down every call that is made through it. Before a wait it lets the other ends
/// act, since all of a walk is one thread.
final class Recorder implements InvocationHandler {
    /// The parameters of the calls whose arguments are told, by their names in the man page. `-` is left out.
    private static final Map<String, String[]> PARAMETERS = Map.ofEntries(
            Map.entry("read", names("fd - - len")),
            Map.entry("write", names("fd - - len")),
            Map.entry("pread", names("fd - - len off")),
            Map.entry("pwrite", names("fd - - len off")),
            Map.entry("recv", names("fd - - len -")),
            Map.entry("send", names("fd - - len -")),
            Map.entry("splice", names("in offIn out offOut len splice")),
            Map.entry("tee", names("in out len splice")),
            Map.entry("vmsplice", names("fd len splice")),
            Map.entry("sendfile", names("in offIn out len")),
            Map.entry("copyFileRange", names("in offIn out offOut len -")),
            Map.entry("ficlone", names("in out")),
            Map.entry("ficlonerange", names("in offIn len out offOut")),
            Map.entry("mmap", names("len - - fd off")),
            Map.entry("munmap", names("- len")),
            Map.entry("ftruncate", names("fd len")),
            Map.entry("fcntl", names("fd command argument")),
            Map.entry("lseek", names("fd off -")),
            Map.entry("close", names("fd")));

    private final Stage stage;
    private final ModelKernel model;
    private final Kernel kernel;
    private final List<Step> steps = new ArrayList<>();
    /// The bill when the last call was over.
    private Ledger.Bill seen;

    Recorder(Stage stage, ModelKernel model) {
        this.stage = stage;
        this.model = model;
        this.seen = model.ledger().total();
        this.kernel =
                (Kernel) Proxy.newProxyInstance(Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class}, this);
    }

    private static String[] names(String words) {
        return words.split(" ", -1);
    }

    /// The kernel to run on.
    Kernel kernel() {
        return kernel;
    }

    List<Step> steps() {
        noteCopies();
        return List.copyOf(steps);
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // a proxy is equal to itself alone
    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
        switch (method.getName()) {
            case "equals" -> {
                return proxy == arguments[0];
            }
            case "hashCode" -> {
                return System.identityHashCode(proxy);
            }
            case "toString" -> {
                return "recorded " + model.profile();
            }
            default -> {
                if (method.isDefault()) {
                    return InvocationHandler.invokeDefault(proxy, method, arguments);
                }
            }
        }
        noteCopies();
        if (method.getName().equals("poll")) {
            stage.letOthersAct(arguments);
        }
        Ledger ledger = model.ledger();
        Ledger.Bill before = ledger.total();
        String told = told(method.getName(), arguments);
        Object result;
        try {
            result = method.invoke(model, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
        Ledger.Bill bill = ledger.total().minus(before);
        if (bill.calls() > 0 && result instanceof Number number) {
            stage.learn(method.getName(), arguments, number.longValue());
            String name =
                    ledger.functions().getFirst().substring("sys_".length()).replace("sendfile64", "sendfile");
            keep(Step.Actor.PROGRAM, name, told, number.longValue(), bill);
        }
        return result;
    }

    /// A call of somebody else, straight on the model.
    long other(Step.Actor actor, String call, String arguments, LongSupplier body) {
        noteCopies();
        Ledger.Bill before = model.ledger().total();
        long result = body.getAsLong();
        keep(actor, call, arguments, result, model.ledger().total().minus(before));
        return result;
    }

    /// What the program copied between mappings since the last call, with the pages that it faulted in.
    private void noteCopies() {
        Ledger.Bill since = model.ledger().total().minus(seen);
        seen = model.ledger().total();
        long copied = since.copiedByUser();
        if (copied > 0) {
            Ledger.Bill bill = new Ledger.Bill(0, 0, 0, 0, copied, 0, 0, since.pagesRead());
            steps.add(stage.step(Step.Actor.PROGRAM, "memcpy", "len=" + copied, copied, List.of(), bill));
        }
    }

    private void keep(Step.Actor actor, String call, String arguments, long result, Ledger.Bill bill) {
        seen = model.ledger().total();
        steps.add(stage.step(actor, call, arguments, result, model.ledger().functions(), bill));
    }

    private String told(String method, Object[] arguments) {
        if (method.equals("poll") && (int) arguments[4] == 0) {
            return Step.LOOK;
        }
        String[] parameters = PARAMETERS.get(method);
        List<String> words = new ArrayList<>();
        for (int i = 0; parameters != null && i < parameters.length; i++) {
            String word = word(parameters[i], arguments[i]);
            if (!word.isEmpty()) {
                words.add(word);
            }
        }
        return String.join(", ", words);
    }

    private String word(String parameter, Object value) {
        return switch (value) {
            case null -> "";
            case Offset offset -> parameter + "=" + offset.value;
            case Memory memory -> "";
            case Span[] spans -> parameter + "=" + length(spans);
            case Number number ->
                switch (parameter) {
                    case "-" -> "";
                    case "fd" -> stage.nameOf(number.intValue());
                    case "in", "out" -> parameter + "=" + stage.nameOf(number.intValue());
                    case "splice" -> flags(number.intValue());
                    case "command" -> number.intValue() == Uapi.F_SETPIPE_SZ ? "F_SETPIPE_SZ" : "";
                    case "argument" -> number.longValue() == 0 ? "" : number.toString();
                    default -> parameter + "=" + number;
                };
            default -> "";
        };
    }

    private static long length(Span[] spans) {
        long sum = 0;
        for (Span span : spans) {
            sum += span.len();
        }
        return sum;
    }

    /// SPLICE_F_NONBLOCK alone is not told: Fid always gives it.
    private static String flags(int flags) {
        List<String> names = new ArrayList<>();
        if ((flags & Uapi.SPLICE_F_MORE) != 0) {
            names.add("MORE");
        }
        if ((flags & Uapi.SPLICE_F_GIFT) != 0) {
            names.add("GIFT");
        }
        return names.isEmpty() ? "" : "flags=" + String.join("|", names);
    }
}
