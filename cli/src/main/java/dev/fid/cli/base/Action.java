package dev.fid.cli.base;

/// A command, once its arguments are known.
public interface Action {
    void run(Context context) throws Failure;
}
