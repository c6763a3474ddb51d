package dev.fid.cli.option;

import java.util.Map;
import java.util.Stack;
import picocli.CommandLine.IParameterPreprocessor;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;

/// An option takes only what `=` attaches: the next word is none of its. Source: getopt_long(3), optional_argument.
public abstract class AttachedValue implements IParameterPreprocessor {
    private final String otherwise;

    /// @param otherwise its value where nothing is attached
    protected AttachedValue(String otherwise) {
        this.otherwise = otherwise;
    }

    @Override
    @SuppressWarnings("JdkObsolete") // picocli's own signature
    public boolean preprocess(Stack<String> args, CommandSpec command, ArgSpec option, Map<String, Object> info) {
        if (!"=".equals(info.get("separator"))) {
            args.push(otherwise);
        }
        return false;
    }
}
