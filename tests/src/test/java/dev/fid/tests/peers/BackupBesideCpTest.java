package dev.fid.tests.peers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/// `fid copy --backup` beside cp(1): the same names, contents, links and modes in the end.
class BackupBesideCpTest extends BesideCp {
    /// Names and contents that `--backup` finds: `n` is new, `o` is old and has backups of both kinds.
    private static final String SCENE =
            "umask 022; mkdir s s/sub d d/s d/s/sub old; echo new >n; echo new >s/f; echo new >s/sub/g;"
                    + " ln -s f s/l; ln s/f s/h; printf . >d/n; echo old >d/s/f; echo old >d/s/sub/g; echo old >d/s/l;"
                    + " echo old >d/s/h; echo old >o; chmod 600 o d/s/f; echo older >o~; echo old >p; echo 3 >p.~3~; echo 0 >p.~03~;"
                    + " echo x >p.~x~; echo to >to; ln -s to link; ln -s nothing dangling; mkfifo fifo; echo old >old/n; ln n hard;"
                    + " mkdir e; echo 2 >e/n; ";

    private static final List<String> CASES = List.of(
            "--backup n o",
            "--backup n p",
            "--backup n missing",
            "--backup=simple n p",
            "--backup=never n o",
            "--backup=numbered n o",
            "--backup=t n p",
            "--backup=existing n o",
            "--backup=nil n p",
            "--backup=num n p",
            "--backup=none n o",
            "--backup=off n o",
            "-S .bak n o",
            "--suffix=.bak --backup=simple n o",
            "--suffix=a/b n o",
            "--suffix= n o",
            "--backup n link",
            "--backup n dangling",
            "--backup n fifo",
            "--backup=simple o~ o",
            "--backup=simple p.~3~ p",
            "--backup=simple -S .~3~ p.~3~ p",
            "--backup n n",
            "--backup n d",
            "--backup n e/n d",
            "--backup=numbered n e/n d",
            "--backup n to d",
            "-T --backup n d",
            "-l --backup n o",
            "-l --backup=numbered n p",
            "-u --backup n o",
            "-r --backup s d",
            "-r --backup=numbered s d",
            "-r --backup s/f o",
            "-r --backup s/l o",
            "-r -L --backup s d",
            "--preserve=mode --backup n o",
            "--backup old/n old");

    @Test
    void bothLeaveTheSame() throws IOException {
        assertThat(differences(SCENE, CASES)).isEmpty();
    }
}
