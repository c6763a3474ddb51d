package dev.fid.cli.option;

import dev.fid.Method;
import dev.fid.bench.trace.Scenario;
import dev.fid.bench.trace.Trace;
import dev.fid.cli.base.ErrnoMeaning;
import dev.fid.cli.base.Suggest;
import dev.fid.cli.base.Words;
import dev.fid.cli.endpoint.Endpoint;
import dev.fid.cli.value.Durations;
import dev.fid.cli.value.Size;
import dev.fid.kernel.Name;
import dev.fid.model.Profile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// How picocli reads the values of options.
public final class Values {
    private Values() {}

    public enum Fallback {
        auto,
        never
    }

    /// A method, or null for `auto`.
    public record Choice(@Nullable Method method) {}

    static final List<String> METHODS = List.of(
            "auto",
            "reflink",
            "copy_file_range",
            "sendfile",
            "splice",
            "splice_through_pipe",
            "mmap",
            "mmap_segments",
            "readwrite");

    public static final class Methods implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return METHODS.iterator();
        }
    }

    /// What the shells complete where an endpoint can stand, beside files.
    public static final class Schemes implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return List.of("file:", "fd://", "tcp://", "tcp-listen://", "unix://", "unix-listen://", "exec:")
                    .iterator();
        }
    }

    private interface Parser<T> {
        T parse(String text);
    }

    private static <T> T checked(Parser<T> parser, String text) {
        try {
            return parser.parse(text);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }

    public static final class OfEndpoint implements ITypeConverter<Endpoint> {
        @Override
        public Endpoint convert(String text) {
            return checked(Endpoint::parse, text);
        }
    }

    public static final class OfPath implements ITypeConverter<Path> {
        @Override
        public Path convert(String text) {
            return checked(Words::path, text);
        }
    }

    /// What goes on as text, to whatever that cannot say bytes.
    public static final class OfText implements ITypeConverter<String> {
        @Override
        public String convert(String text) {
            if (Name.hasBytes(text)) {
                throw new TypeConversionException("'" + text + "' is not UTF-8, which it has to be here");
            }
            return text;
        }
    }

    public static final class OfSize implements ITypeConverter<Long> {
        @Override
        public Long convert(String text) {
            return checked(Size::parse, text);
        }
    }

    public static final class OfRate implements ITypeConverter<Long> {
        @Override
        public Long convert(String text) {
            return checked(Size::parseRate, text);
        }
    }

    public static final class OfBlock implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String text) {
            long size = checked(Size::parse, text);
            if (size < 4096 || size > 256 << 10) {
                throw new TypeConversionException("a block has 4K to 256K, not '" + text + "'");
            }
            return (int) size;
        }
    }

    public static final class OfPipeSize implements ITypeConverter<Long> {
        @Override
        public Long convert(String text) {
            long size = checked(Size::parse, text);
            if (size == 0) {
                throw new TypeConversionException("a pipe has room for some bytes, not '" + text + "'");
            }
            return size;
        }
    }

    public static final class OfJobs implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String text) {
            if (!text.matches("[1-9]|[1-5][0-9]|6[0-4]")) {
                throw new TypeConversionException("'" + text + "' is not a number from 1 to 64");
            }
            return Integer.valueOf(text);
        }
    }

    public static final class OfDuration implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            return checked(Durations::parse, text);
        }
    }

    /// `10%` as a share of one.
    public static final class OfPercent implements ITypeConverter<Double> {
        @Override
        public Double convert(String text) {
            try {
                double percent = text.endsWith("%") ? Double.parseDouble(text.substring(0, text.length() - 1)) : -1;
                if (percent > 0 && percent < 1000) {
                    return percent / 100;
                }
            } catch (NumberFormatException e) {
                // said below
            }
            throw new TypeConversionException("'" + text + "' is no percentage (as in 10%)");
        }
    }

    public static final class OfErrno implements ITypeConverter<String> {
        @Override
        public String convert(String text) {
            if (ErrnoMeaning.number(text) > 0) {
                return text;
            }
            String near = Suggest.nearest(text, ErrnoMeaning.names());
            throw new TypeConversionException("'" + text + "' is no error"
                    + (near != null ? "; did you mean '" + near + "'?" : ", such as EINVAL"));
        }
    }

    public static final class OfMethod implements ITypeConverter<Choice> {
        @Override
        public Choice convert(String text) {
            if (METHODS.contains(text)) {
                return new Choice(Method.labelled(text));
            }
            String near = Suggest.nearest(text, new ArrayList<>(METHODS));
            throw new TypeConversionException("'" + text + "' is not a method"
                    + (near != null ? "; did you mean '" + near + "'?" : " (use " + String.join(", ", METHODS) + ")"));
        }
    }

    public static final class Scenarios implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return Scenario.names().iterator();
        }
    }

    public static final class OfScenario implements ITypeConverter<Scenario> {
        @Override
        public Scenario convert(String text) {
            Scenario scenario = Scenario.named(text);
            if (scenario != null) {
                return scenario;
            }
            String near = Suggest.nearest(text, Scenario.names());
            throw new TypeConversionException("'" + text + "' is not a scenario"
                    + (near != null ? "; did you mean '" + near + "'?" : " (see fid explain --list)"));
        }
    }

    private static final Map<String, Profile> PROFILES = new TreeMap<>(
            Map.of("2.6", Profile.LINUX_2_6, "6.18", Profile.LINUX_6_18, "copying", Profile.LINUX_COPYING));

    public static final class Profiles implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return PROFILES.keySet().iterator();
        }
    }

    public static final class OfProfile implements ITypeConverter<Profile> {
        @Override
        public Profile convert(String text) {
            Profile profile = PROFILES.get(text);
            if (profile == null) {
                throw new TypeConversionException("'" + text + "' is not a kernel of the model (use "
                        + String.join(", ", PROFILES.keySet()) + ")");
            }
            return profile;
        }
    }

    /// Bytes that a walk on the model may have.
    public static final class OfWalk implements ITypeConverter<Long> {
        @Override
        public Long convert(String text) {
            long size = checked(Size::parse, text);
            if (size < 1 || size > Trace.MOST) {
                throw new TypeConversionException("a walk has 1 byte to 8M, not '" + text + "'");
            }
            return size;
        }
    }
}
