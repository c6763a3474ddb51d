package dev.fid.cli;

/// A command, once its arguments are known.
interface Action {
    void run(Context context) throws Failure;
}
