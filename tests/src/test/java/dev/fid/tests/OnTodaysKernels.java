package dev.fid.tests;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/// All tests of the class run on Linux and on the model of today's kernels, whose pipes can be resized.
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@ParameterizedClass(name = "{0}")
@EnumSource(
        value = Ground.class,
        names = {"LINUX", "MODEL_6_18", "MODEL_COPYING"})
public @interface OnTodaysKernels {}
