package dev.fid.tests.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/// How two results of one cell differ.
///
/// @param text nothing where they are the same
/// @param loss whether ours lost what the peer kept, or said that all is well where the peer refused
record Verdict(String text, boolean loss) {
    static Verdict of(Snapshot before, int theirStatus, Snapshot theirs, int ourStatus, Snapshot ours) {
        List<String> texts = new ArrayList<>();
        if ((theirStatus == 0) != (ourStatus == 0)) {
            texts.add("exit " + theirStatus + ", " + ourStatus);
        }
        Set<String> paths = new TreeSet<>(theirs.things().keySet());
        paths.addAll(ours.things().keySet());
        for (String path : paths) {
            String their = theirs.things().get(path);
            String our = ours.things().get(path);
            if (!Objects.equals(their, our)) {
                texts.add(path + ": " + (their == null ? "nothing" : their) + ", " + (our == null ? "nothing" : our));
            }
        }
        Set<String> lost = new TreeSet<>(before.contents());
        lost.retainAll(theirs.contents());
        lost.removeAll(ours.contents());
        return new Verdict(String.join("; ", texts), !lost.isEmpty() || (theirStatus != 0 && ourStatus == 0));
    }
}
