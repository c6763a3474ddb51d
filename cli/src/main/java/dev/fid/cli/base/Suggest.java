package dev.fid.cli.base;

import java.util.Collection;
import org.jspecify.annotations.Nullable;

/// Finds what somebody may have meant.
public final class Suggest {
    private Suggest() {}

    /// The candidate nearest to `typed`, or null where none is near: a third of the letters may differ.
    public static @Nullable String nearest(String typed, Collection<String> candidates) {
        String best = null;
        int least = Math.max(2, typed.length() / 3) + 1;
        for (String candidate : candidates) {
            int distance = distance(typed, candidate);
            if (distance < least && distance < candidate.length()) {
                least = distance;
                best = candidate;
            }
        }
        return best;
    }

    /// Insertions, deletions, substitutions and swaps of neighbours that make one word the other.
    static int distance(String a, String b) {
        int[][] cost = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    cost[i][j] = i + j;
                    continue;
                }
                boolean same = a.charAt(i - 1) == b.charAt(j - 1);
                int least = Math.min(cost[i - 1][j - 1] + (same ? 0 : 1), Math.min(cost[i - 1][j], cost[i][j - 1]) + 1);
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    least = Math.min(least, cost[i - 2][j - 2] + 1);
                }
                cost[i][j] = least;
            }
        }
        return cost[a.length()][b.length()];
    }
}
