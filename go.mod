module github.com/hookweir/hookweir

go 1.26
