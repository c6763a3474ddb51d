package dev.fid.tests.behaviour;

import dev.fid.kernel.Kernel;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import org.jspecify.annotations.Nullable;

/// A kernel some of whose calls a test answers itself, or looks at.
interface Decorated {
    /// The answer to a call of that name where it is the test's own, else null.
    @Nullable
    Object own(String call);

    /// A call that the real kernel answered; `result` is null where it has none.
    void answered(String call, @Nullable Object result);

    /// What is like `real` but for that. It equals only itself, so its pipes count in a budget of their own.
    default Kernel kernel(Kernel real) {
        return (Kernel) Proxy.newProxyInstance(
                Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class}, (proxy, method, arguments) -> {
                    Object own = own(method.getName());
                    if (own != null) {
                        return own;
                    }
                    if (method.getName().equals("equals")) {
                        return System.identityHashCode(proxy) == System.identityHashCode(arguments[0]);
                    }
                    if (method.isDefault()) {
                        return InvocationHandler.invokeDefault(proxy, method, arguments);
                    }
                    try {
                        Object result = method.invoke(real, arguments);
                        answered(method.getName(), result);
                        return result;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
