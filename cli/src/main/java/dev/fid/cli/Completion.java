package dev.fid.cli;

import dev.fid.cli.option.Values;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/// Completion scripts from the model of the commands: what is completed here is what the command takes.
final class Completion {
    private static final String FILE = "@file";
    private static final String ENDPOINT = "@endpoint";
    private static final String NOTHING = "@nothing";

    private static final String INDENT = "            ";

    private final CommandLine root;
    private final Map<String, CommandSpec> commands = new LinkedHashMap<>();
    private final StringBuilder script = new StringBuilder(16 << 10);

    private Completion(CommandLine root) {
        this.root = root;
        root.getSubcommands().forEach((name, command) -> {
            if (!command.getCommandSpec().usageMessage().hidden()) {
                commands.put(name, command.getCommandSpec());
            }
        });
    }

    static String bash(CommandLine root) {
        return new Completion(root).bash();
    }

    static String zsh(CommandLine root) {
        return new Completion(root).zsh();
    }

    // ---- what both need ----

    private static List<OptionSpec> options(CommandSpec spec) {
        return spec.options().stream().filter(option -> !option.hidden()).toList();
    }

    /// Whether the next word is its value; an optional value stands behind `=` alone.
    private static boolean takesNext(OptionSpec option) {
        return option.arity().min() > 0;
    }

    /// Words, or one of the kinds above.
    private static String values(ArgSpec arg) {
        Iterable<String> candidates = arg.completionCandidates();
        if (candidates instanceof Values.Schemes) {
            return ENDPOINT;
        }
        if (candidates != null) {
            return String.join(
                    " ", StreamSupport.stream(candidates.spliterator(), false).toList());
        }
        return arg.auxiliaryTypes()[0] == Path.class ? FILE : NOTHING;
    }

    /// The values at each place of a command's arguments.
    private List<String> places(@Nullable CommandSpec spec) {
        if (spec == null) {
            return List.of(String.join(" ", commands.keySet()));
        }
        List<String> places = new ArrayList<>();
        for (PositionalParamSpec parameter : spec.positionalParameters()) {
            places.add(values(parameter));
        }
        return places;
    }

    private static boolean repeatsLast(CommandSpec spec) {
        return !spec.positionalParameters().isEmpty()
                && spec.positionalParameters().getLast().arity().max() > 1;
    }

    private static String quoted(String text) {
        return "'" + text.replace("'", "'\\''") + "'";
    }

    private static String schemes() {
        return String.join(" ", new Values.Schemes());
    }

    // ---- bash ----

    private String bash() {
        script.append("""
                # Completion of fid for bash, made by `fid completion bash`.

                # What the command $1 has: its options, those that take the next word, the values at each of its places.
                _fid_command() {
                  last=''
                  case $1 in
                """);
        arm("", root.getCommandSpec());
        commands.forEach(this::arm);
        script.append("""
                    *) options='' valued='' places=() ;;
                  esac
                }

                # The values that option $2 of command $1 takes.
                _fid_values() {
                  case "$1 $2" in
                """);
        valuesOf("", root.getCommandSpec());
        commands.forEach(this::valuesOf);
        script.append("""
                    *) values=@nothing ;;
                  esac
                }

                _fid() {
                  local line=${COMP_LINE:0:COMP_POINT} command='' option='' ended='' cur='' word values='' place=0 i
                  local options valued last
                  local -a words places
                  COMPREPLY=()
                  read -ra words <<<"$line"
                  if [[ $line != *[[:blank:]] ]]; then
                    cur=${words[-1]}
                    unset 'words[-1]'
                  fi
                  _fid_command ''
                  for word in "${words[@]:1}"; do
                    if [[ $option ]]; then
                      option=''
                    elif [[ ! $ended && $word == -- ]]; then
                      ended=1
                    elif [[ ! $ended && $word == -?* ]]; then
                      [[ " $valued " == *" $word "* ]] && option=$word
                    elif [[ ! $command ]]; then
                      command=$word
                      _fid_command "$command"
                    else
                      place=$((place + 1))
                    fi
                  done

                  if [[ ! $option && ! $ended && $cur == --*=* ]]; then
                    option=${cur%%=*}
                    cur=${cur#*=}
                  fi
                  if [[ $option ]]; then
                    _fid_values "$command" "$option"
                  elif [[ ! $ended && $cur == -?* ]]; then
                    values=$options
                  elif ((place < ${#places[@]})); then
                    values=${places[place]}
                  else
                    values=${last:-@nothing}
                  fi

                  case $values in
                    @file) ;; # what readline does by itself
                    @nothing) compopt +o default 2>/dev/null ;;
                    @endpoint)
                      case $cur in
                        file:*) mapfile -t COMPREPLY < <(compgen -P file: -f -- "${cur#file:}") ;;
                        unix://*) mapfile -t COMPREPLY < <(compgen -P unix:// -f -- "${cur#unix://}") ;;
                        unix-listen://*) mapfile -t COMPREPLY < <(compgen -P unix-listen:// -f -- "${cur#unix-listen://}") ;;
                        exec:*) mapfile -t COMPREPLY < <(compgen -P exec: -c -- "${cur#exec:}") ;;
                        ?*)
                """);
        script.append("          mapfile -t COMPREPLY < <(compgen -W ")
                .append(quoted(schemes()))
                .append(" -- \"$cur\")\n");
        script.append("""
                          if ((${#COMPREPLY[@]})); then
                            compopt -o nospace 2>/dev/null
                            mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$cur")
                          fi
                          ;;
                      esac
                      # bash replaces only what stands behind the last colon.
                      if [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]]; then
                        for i in "${!COMPREPLY[@]}"; do
                          COMPREPLY[i]=${COMPREPLY[i]#"${cur%"${cur##*:}"}"}
                        done
                      fi
                      ;;
                    *) mapfile -t COMPREPLY < <(compgen -P "${cur%"${cur##*,}"}" -W "$values" -- "${cur##*,}") ;;
                  esac
                }
                complete -o default -F _fid fid
                """);
        return script.toString();
    }

    private void arm(String command, CommandSpec spec) {
        List<String> names = new ArrayList<>();
        List<String> valued = new ArrayList<>();
        for (OptionSpec option : options(spec)) {
            names.addAll(List.of(option.names()));
            if (takesNext(option)) {
                valued.addAll(List.of(option.names()));
            }
        }
        List<String> places = places(command.isEmpty() ? null : spec);
        script.append("    ").append(quoted(command)).append(")\n");
        script.append("      options=").append(quoted(String.join(" ", names))).append('\n');
        script.append("      valued=").append(quoted(String.join(" ", valued))).append('\n');
        script.append("      places=(");
        script.append(String.join(" ", places.stream().map(Completion::quoted).toList()));
        script.append(")\n");
        if (repeatsLast(spec)) {
            script.append("      last=").append(quoted(places.getLast())).append('\n');
        }
        script.append("      ;;\n");
    }

    private void valuesOf(String command, CommandSpec spec) {
        for (OptionSpec option : options(spec)) {
            if (option.arity().max() > 0) {
                List<String> names = List.of(option.names()).stream()
                        .map(name -> quoted(command + " " + name))
                        .toList();
                script.append("    ").append(String.join(" | ", names));
                script.append(") values=").append(quoted(values(option))).append(" ;;\n");
            }
        }
    }

    // ---- zsh ----

    private String zsh() {
        script.append("#compdef fid\n# Completion of fid for zsh, made by `fid completion zsh`.\n\n");
        script.append("_fid_endpoint() {\n  _alternative 'endpoints:endpoint:compadd -S \"\" -- ")
                .append(schemes())
                .append("' 'files:file:_files'\n}\n\n");
        script.append("_fid() {\n  local curcontext=$curcontext state line\n  local -a commands\n  commands=(\n");
        commands.forEach((name, spec) -> script.append("    ")
                .append(quoted(name + ":" + spec.usageMessage().description()[0].replace(":", "\\:")))
                .append('\n'));
        script.append("  )\n  _arguments -C -s \\\n");
        options(root.getCommandSpec()).forEach(this::zshOption);
        script.append("""
                            '1:command:->command' \\
                            '*::argument:->argument'
                  case $state in
                    command) _describe command commands ;;
                    argument)
                      case $words[1] in
                """);
        commands.forEach((name, spec) -> {
            script.append("        ").append(name).append(")\n          _arguments -s \\\n");
            options(spec).forEach(this::zshOption);
            List<PositionalParamSpec> parameters = spec.positionalParameters();
            for (int i = 0; i < parameters.size(); i++) {
                boolean rest = i + 1 == parameters.size() && repeatsLast(spec);
                script.append(INDENT)
                        .append(quoted((rest ? "*" : Integer.toString(i + 1)) + ":"
                                + parameters.get(i).paramLabel() + zshValues(parameters.get(i))))
                        .append(" \\\n");
            }
            script.append(INDENT).append("&& return\n          ;;\n");
        });
        script.append("""
                      esac
                      ;;
                  esac
                }

                if [[ $funcstack[1] == _fid ]]; then
                  _fid "$@"
                else
                  compdef _fid fid
                fi
                """);
        return script.toString();
    }

    private void zshOption(OptionSpec option) {
        String text = "[" + String.join(" ", option.description()).replaceAll("[\\[\\]:\\\\]", "\\\\$0") + "]";
        text = text.replace("${COMPLETION-CANDIDATES}", "");
        String others = option.isMultiValue() ? "*" : "(" + String.join(" ", option.names()) + ")";
        for (String name : option.names()) {
            String value = "";
            String joint = "";
            if (option.arity().max() > 0) {
                boolean optional = option.arity().min() == 0;
                joint = optional ? "=-" : name.startsWith("--") ? "=" : "+";
                String label = option.paramLabel().replace(":", "\\:");
                value = (optional ? "::" : ":") + label + zshValues(option);
            }
            script.append(INDENT)
                    .append(quoted(others + name + joint + text + value))
                    .append(" \\\n");
        }
    }

    private static String zshValues(ArgSpec arg) {
        String values = values(arg);
        return switch (values) {
            case FILE -> ":_files";
            case ENDPOINT -> ":_fid_endpoint";
            case NOTHING -> ":";
            default -> arg.splitRegex().isEmpty() ? ":(" + values + ")" : ":_sequence compadd - " + values;
        };
    }
}
