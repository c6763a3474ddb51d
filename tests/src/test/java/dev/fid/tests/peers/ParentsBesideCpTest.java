package dev.fid.tests.peers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/// `fid copy --parents` beside cp(1): the same directories, modes and files in the end.
class ParentsBesideCpTest extends BesideCp {
    private static final String SCENE =
            "umask 022; mkdir -p s/a/b s/a/c d there/0/s/a taken; echo f >s/a/b/f; echo g >s/a/b/g;"
                    + " echo h >s/a/c/h; ln s/a/b/f s/a/hard; ln -s a/b s/link; ln -s b/f s/a/tofile; echo t >t; mkfifo s/p;"
                    + " chmod 700 s/a; chmod 511 s/a/b; chmod 775 s/a/c; chmod 750 there/0/s/a; echo x >taken/0; echo old >there/0/t; ";

    private static final List<String> CASES = List.of(
            "--parents s/a/b/f d",
            "--parents s/a/b/f s/a/b/g s/a/c/h t d",
            "--parents s//a/./b/f d",
            "--parents ./t d",
            "--parents s/a/../a/b/f d",
            "--parents s/link/f d",
            "--parents s/a/tofile d",
            "--parents s/a/b/f t there",
            "--parents s/a/b/f taken",
            "--parents s/a/b/f missing",
            "--parents s/a/b/f t",
            "--parents missing t d",
            "--parents -T t d",
            "--parents -t d t s/a/c/h",
            "--parents -l s/a/b/f d",
            "--parents --backup t s/a/b/f there",
            "--parents --preserve=mode s/a/b/f there",
            "-r --parents s/a d",
            "-r --parents s/a/ d",
            "-r --parents s/a/b s/a/c d",
            "-r --parents s/a there",
            "-r --parents s d",
            "-r --parents s/link d",
            "-r --parents s/link/ d",
            "-r --parents s/p d",
            "-r -L --parents s/a d");

    @Test
    void bothLeaveTheSame() throws IOException {
        assertThat(differences(SCENE, CASES)).isEmpty();
    }
}
