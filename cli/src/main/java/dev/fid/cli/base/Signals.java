package dev.fid.cli.base;

import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;

/// INT, TERM and HUP end the command, and a second one ends it at once; USR1 prints how far it is. PIPE needs no
/// handler: the JVM ignores it, so that a write says EPIPE.
///
/// `sun.misc.Signal` is called by reflection, because javac warns of it and the build takes no warnings.
public final class Signals {
    private Signals() {}

    public static void install(Stop stop, Runnable status, PrintStream err) {
        ending("HUP", 1, stop, err);
        ending("INT", 2, stop, err);
        ending("TERM", 15, stop, err);
        handle("USR1", status);
    }

    /// As tee(1) does with `-i`.
    public static void ignoreInterrupts() {
        handle("INT", () -> {});
    }

    private static void ending(String name, int number, Stop stop, PrintStream err) {
        handle(name, () -> {
            if (!stop.ask(new Stop.Reason(Exit.SIGNAL + number, "stopped by SIG" + name))) {
                err.println();
                Runtime.getRuntime().halt(Exit.SIGNAL + number);
            }
        });
    }

    /// Runs `action` whenever the signal comes.
    public static void handle(String name, Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object proxy = Proxy.newProxyInstance(
                    Signals.class.getClassLoader(), new Class<?>[] {handler}, (self, m, args) -> {
                        if (m.getName().equals("handle")) {
                            action.run();
                        }
                        return null;
                    });
            Method handle = signal.getMethod("handle", signal, handler);
            handle.invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
        } catch (InvocationTargetException e) {
            // The JVM keeps this signal for itself (-Xrs and its like): then it acts as the system says.
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("sun.misc.Signal", e);
        }
    }
}
