from pathlib import Path

from labelled import clips, listed, made


def test_a_table_names_clips_labels_and_parts(tmp_path: Path):
    rows = "clip,label,split\na.mp4,x;y,train\nsub/b.mp4,y,val\ngone.mp4,x,val\n"
    found = listed(made(tmp_path, labels_csv=rows, a_mp4="", sub__b_mp4=""), "labels_csv")
    assert clips(found) == [("a.mp4", ("x", "y"), "train"), ("sub/b.mp4", ("y",), "validation")]
    assert (found.missing, found.several) == (["gone.mp4"], True)
